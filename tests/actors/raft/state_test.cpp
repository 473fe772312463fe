#include "tests/actors/raft/replica_under_test.hpp"

using namespace present;
using namespace present::raft;

namespace {

/// A log after index 4, with entries 5 and 6, and a state that stands so.
recovered_state log_and(state_standing state) {
  recovered_state found = replica_under_test::with_voters({1, 2, 3});
  found.hard.current_term = term{2};
  found.snapshot.index = log_index{4};
  found.snapshot.at_term = term{1};
  found.entries = {command(5, 2), command(6, 2)};
  found.applied = log_index{4};
  found.state = state;
  return found;
}

snapshot_mark mark(std::uint64_t index, std::uint64_t at_term) {
  return {log_index{index}, term{at_term}, voters({1, 2, 3})};
}

snapshot_chunk whole(std::uint64_t index, std::uint64_t at_term) {
  return {mark(index, at_term), 0, std::make_shared<const std::string>("state"), true, 7};
}

} // namespace

TEST_CASE("a replica whose state is unchecked votes, and doesn't campaign (P24)") {
  replica_under_test one{log_and(state_standing::unchecked)};
  one.hear(2, 3, vote_request{log_index{6}, term{2}});
  one.flush();
  REQUIRE(one.sent<vote_reply>().size() == 1);
  CHECK(one.sent<vote_reply>()[0].second.granted);
  one.pass(10'000);
  CHECK(one.machine().role() == role_kind::follower);
  one.tell(state_checked{});
  one.pass(10'000);
  CHECK(one.machine().role() == role_kind::pre_candidate);
}

TEST_CASE("an unchecked state is applied to meanwhile, and takes no snapshot's place") {
  replica_under_test one{log_and(state_standing::unchecked)};
  one.hear(2, 2, append(6, 2, 6));
  CHECK(one.effects_of<apply>().size() == 1);
  REQUIRE(one.sent<append_reply>().size() == 1);
  CHECK(one.sent<append_reply>()[0].second.state_wanted == log_index{0});
}

TEST_CASE("a lone voter leads as soon as its state is checked") {
  auto found = log_and(state_standing::unchecked);
  found.snapshot.members = voters({1});
  replica_under_test one{found};
  one.pass(0);
  CHECK(one.machine().role() == role_kind::follower);
  one.tell(state_checked{});
  CHECK(one.machine().next_wake() <= one.now());
  one.wake();
  one.flush();
  CHECK(one.machine().role() == role_kind::leader);
}

TEST_CASE("a replica without a state asks its leader for one, and keeps the log") {
  replica_under_test one{log_and(state_standing::missing)};
  CHECK(one.machine().lacks_state());
  one.hear(2, 2, append(6, 2, 6, {command(7, 2)}));
  CHECK(one.effects_of<apply>().empty()); // I12
  one.flush();
  REQUIRE(one.sent<append_reply>().size() == 1);
  CHECK(one.sent<append_reply>()[0].second.matched == log_index{7});
  CHECK(one.sent<append_reply>()[0].second.state_wanted == log_index{4});
  one.pass(10'000);
  CHECK(one.machine().role() == role_kind::follower);

  SUBCASE("one that doesn't reach the log is no use") {
    one.hear(2, 2, whole(3, 1));
    CHECK(one.effects_of<install_snapshot>().empty());
  }
  SUBCASE("one of the log's beginning is") {
    one.hear(2, 2, whole(4, 1));
    CHECK(one.effects_of<install_snapshot>().size() == 1);
    one.tell(snapshot_installed{mark(4, 1)});
    CHECK_FALSE(one.machine().lacks_state());
    REQUIRE(one.effects_of<apply>().size() == 1);
    CHECK(one.effects_of<apply>()[0].entries.size() == 2); // what is committed: 5, 6
    CHECK(one.machine().log().last() == log_index{7});
  }
  SUBCASE("one from within the log is, and the log behind it stays") {
    one.hear(2, 2, whole(6, 2));
    one.tell(snapshot_installed{mark(6, 2)});
    CHECK(one.machine().log().base() == log_index{6});
    CHECK(one.machine().log().last() == log_index{7});
  }
  SUBCASE("one from beyond the log takes its place") {
    one.hear(2, 2, whole(9, 2));
    one.tell(snapshot_installed{mark(9, 2)});
    CHECK(one.machine().log().last() == log_index{9});
  }
}

TEST_CASE("a leader sends a state to whoever has none, though its log is whole") {
  replica_under_test one;
  one.lead();
  append_reply answer;
  answer.accepted = true;
  answer.matched = log_index{1};
  answer.state_wanted = log_index{1};
  one.hear(3, 1, answer);
  REQUIRE(one.effects_of<read_snapshot>().size() == 1);
  CHECK(one.effects_of<read_snapshot>()[0].for_peer == node(3));
  CHECK(one.effects_of<read_snapshot>()[0].at_least == log_index{1});
  CHECK(one.machine().peers()[1].lacks_state);
  // Answers that are still on their way change nothing.
  one.hear(3, 1, answer);
  CHECK(one.effects_of<release_snapshot>().empty());
  one.tell(snapshot_read{node(3), whole(1, 1)});
  CHECK(one.sent<snapshot_chunk>().size() == 1);
  one.hear(3, 1, snapshot_reply{mark(1, 1), 0, true});
  CHECK(one.effects_of<release_snapshot>().size() == 1);
  answer.state_wanted = {};
  one.hear(3, 1, answer);
  CHECK_FALSE(one.machine().peers()[1].lacks_state);
}

TEST_CASE("a leader in whose state damage is found hands over and falls silent (I11)") {
  replica_under_test one;
  one.lead();
  one.acknowledge(3, 1, 1);
  append_reply stateless;
  stateless.accepted = true;
  stateless.matched = log_index{1};
  stateless.state_wanted = log_index{1};
  one.hear(2, 1, stateless); // no successor: it could not lead
  one.tell(damage_found{});
  REQUIRE(one.sent<timeout_now>().size() == 1);
  CHECK(one.sent<timeout_now>()[0].first.to == node(3));
  CHECK(one.effects_of<rebuild_needed>().size() == 1);
  one.hear(3, 2, vote_request{log_index{1}, term{1}, false, true});
  CHECK(one.sent<vote_reply>().empty());
}
