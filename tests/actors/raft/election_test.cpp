#include "tests/actors/raft/replica_under_test.hpp"

using namespace present;
using namespace present::raft;

TEST_CASE("a replica alone elects itself once its vote is durable") {
  replica_under_test one{replica_under_test::with_voters({1})};
  one.wake();
  CHECK(one.machine().role() == role_kind::candidate);
  one.flush();
  CHECK(one.machine().role() == role_kind::leader);
  one.flush();
  CHECK(one.machine().commit() == log_index{1});
}

TEST_CASE("a pre-vote changes no term, here or at the voter") {
  replica_under_test one;
  one.wake();
  CHECK(one.machine().role() == role_kind::pre_candidate);
  CHECK(one.machine().current_term() == term{0});
  const auto asked = one.sent<vote_request>();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].second.pre);
  CHECK(asked[0].first.at_term == term{1});

  replica_under_test voter;
  voter.hear(2, 1, vote_request{log_index{0}, term{0}, true, false});
  REQUIRE(voter.sent<vote_reply>().size() == 1);
  CHECK(voter.sent<vote_reply>()[0].second.granted);
  CHECK(voter.machine().current_term() == term{0});
}

TEST_CASE("a candidate asks for votes only when its own is durable (rule 4)") {
  replica_under_test one;
  one.wake();
  one.hear(2, 1, vote_reply{true, true});
  CHECK(one.machine().role() == role_kind::candidate);
  CHECK(one.sent<vote_request>().empty());
  one.flush();
  CHECK(one.sent<vote_request>().size() == 2);
}

TEST_CASE("a vote leaves only when it is durable, and is given once (rules 4, 7)") {
  replica_under_test one;
  one.hear(2, 1, vote_request{log_index{0}, term{0}, false, false});
  CHECK(one.sent<vote_reply>().empty());
  one.flush();
  REQUIRE(one.sent<vote_reply>().size() == 1);
  CHECK(one.sent<vote_reply>()[0].second.granted);
  one.hear(3, 1, vote_request{log_index{9}, term{0}, false, false});
  REQUIRE(one.sent<vote_reply>().size() == 1);
  CHECK_FALSE(one.sent<vote_reply>()[0].second.granted);
  one.hear(2, 1, vote_request{log_index{0}, term{0}, false, false});
  CHECK(one.sent<vote_reply>()[0].second.granted);
}

namespace {

/// A replica with the entry 1@1, and a vote for nobody in term 1.
recovered_state with_one_entry() {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.hard = {term{1}, {}};
  found.entries = {command(1, 1)};
  return found;
}

bool votes_for(replica_under_test& one, std::uint64_t at_term, std::uint64_t last,
               std::uint64_t last_term) {
  one.hear(2, at_term, vote_request{log_index{last}, term{last_term}, false, false});
  auto said = one.sent<vote_reply>();
  if (said.empty()) { // it waits for the disk
    one.flush();
    said = one.sent<vote_reply>();
  }
  REQUIRE(said.size() == 1);
  return said[0].second.granted;
}

} // namespace

TEST_CASE("what witnesses tell binds a replica until its log has come as far (P19)") {
  replica_under_test one{with_one_entry()};
  one.tell(witnesses_told{term{4}, {log_index{3}, term{3}}, true});
  one.flush();
  CHECK(one.machine().current_term() == term{4});
  CHECK(one.machine().has_gone_back());
  // It may have voted in any term that they were in.
  CHECK_FALSE(votes_for(one, 4, 9, 4));
  // It may have acknowledged what they have: whoever lacks that gets no vote, and it
  // doesn't campaign itself, however long nobody leads.
  CHECK_FALSE(votes_for(one, 5, 2, 3));
  for (int times = 0; times < 20; ++times) {
    one.pass(1000);
    CHECK(one.machine().role() == role_kind::follower);
  }
  SUBCASE("whoever has it gets its vote") { CHECK(votes_for(one, 6, 3, 3)); }
  SUBCASE("and it is as good as any when it has it too") {
    one.hear(2, 6, append(1, 1, 0, {command(2, 3), command(3, 3)}));
    one.flush();
    CHECK_FALSE(one.machine().has_gone_back());
    one.pass(1000);
    CHECK(one.machine().role() == role_kind::pre_candidate);
  }
}

TEST_CASE("where nobody knows of a loss, what may be lost binds for a while only (P19)") {
  raft_settings settings;
  replica_under_test one{with_one_entry(), settings};
  one.tell(witnesses_told{term{1}, {log_index{3}, term{1}}});
  one.flush();
  CHECK_FALSE(one.machine().has_gone_back());
  CHECK_FALSE(votes_for(one, 2, 2, 1));
  one.pass(settings.witness_patience_ms);
  CHECK(votes_for(one, 3, 2, 1));
}

TEST_CASE("a witness that is in no later term takes no vote away that was given (P19)") {
  auto found = with_one_entry();
  found.hard = {term{2}, node(2)};
  replica_under_test one{found};
  one.tell(witnesses_told{term{2}, {log_index{1}, term{1}}});
  CHECK(one.effects_of<persist>().empty());
  CHECK(votes_for(one, 2, 1, 1)); // as it had said before
}

TEST_CASE("of a peer that begins anew a leader counts what it has left (P19)") {
  replica_under_test one;
  one.lead();
  one.tell(propose{7, std::make_shared<const std::string>("v")});
  one.flush();
  one.acknowledge(2, 1, 2);
  CHECK(one.machine().peers()[0].matched == log_index{2});
  one.tell(peer_began{node(2), {log_index{1}, term{1}}});
  CHECK(one.machine().peers()[0].matched == log_index{1});
  one.tell(peer_began{node(3), {log_index{9}, term{1}}});
  CHECK(one.machine().peers()[1].matched == log_index{});
}

TEST_CASE("a transfer is no exception from one vote a term (rule 7)") {
  replica_under_test one;
  one.hear(2, 1, vote_request{log_index{0}, term{0}, false, false});
  one.flush();
  one.hear(3, 1, vote_request{log_index{0}, term{0}, false, true});
  CHECK_FALSE(one.sent<vote_reply>()[0].second.granted);
}

TEST_CASE("a shorter log gets no vote") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.hard = {term{2}, {}};
  found.entries = {command(1, 1), command(2, 2)};
  replica_under_test one{found};
  one.hear(2, 3, vote_request{log_index{7}, term{1}, false, false});
  one.flush();
  CHECK_FALSE(one.sent<vote_reply>()[0].second.granted);
  one.hear(2, 4, vote_request{log_index{2}, term{2}, false, false});
  one.flush();
  CHECK(one.sent<vote_reply>()[0].second.granted);
}

TEST_CASE("who hears its leader neither grants a pre-vote nor follows a candidate") {
  replica_under_test one;
  one.hear(2, 1, append(0, 0, 0));
  one.flush();
  one.hear(3, 2, vote_request{log_index{5}, term{1}, true, false});
  CHECK_FALSE(one.sent<vote_reply>()[0].second.granted);
  one.hear(3, 2, vote_request{log_index{5}, term{1}, false, false});
  CHECK(one.sent<vote_reply>().empty());
  CHECK(one.machine().current_term() == term{1});
}

TEST_CASE("a broken link to the leader starts a pre-vote at once, and grants one") {
  replica_under_test one;
  one.hear(2, 1, append(0, 0, 0));
  one.flush();
  one.tell(link_changed{node(2), false});
  REQUIRE(one.machine().next_wake().has_value());
  CHECK(*one.machine().next_wake() <= one.now() + 30);
  one.hear(3, 2, vote_request{log_index{5}, term{1}, true, false});
  CHECK(one.sent<vote_reply>()[0].second.granted);
}

TEST_CASE("timeout_now passes pre-vote and check-quorum (rule 7)") {
  replica_under_test one;
  one.hear(2, 1, append(0, 0, 0));
  one.flush();
  one.hear(2, 1, timeout_now{});
  CHECK(one.machine().role() == role_kind::candidate);
  one.flush();
  const auto asked = one.sent<vote_request>();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].second.transfer);

  replica_under_test voter;
  voter.hear(2, 1, append(0, 0, 0));
  voter.flush();
  voter.hear(3, 2, vote_request{log_index{5}, term{1}, false, true});
  voter.flush();
  CHECK(voter.sent<vote_reply>()[0].second.granted);
}

TEST_CASE("the vote survives a restart") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.hard = {term{4}, node(2)};
  replica_under_test one{found};
  one.hear(3, 4, vote_request{log_index{5}, term{3}, false, false});
  const auto replies = one.sent<vote_reply>();
  REQUIRE(replies.size() == 1); // none yet: it would have voted, and waits for its disk
  CHECK_FALSE(replies[0].second.granted);
}

TEST_CASE("a replica that lacks what it once acknowledged has no vote (rule 15)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.hard = {term{1}, {}};
  found.entries = {command(1, 1)};
  found.promised = {log_index{3}, term{1}};
  replica_under_test one{found};
  one.hear(3, 2, vote_request{log_index{9}, term{1}, true, false});
  CHECK_FALSE(one.sent<vote_reply>()[0].second.granted);
  one.wake();
  CHECK(one.machine().role() == role_kind::follower);
  one.hear(2, 2, append(1, 1, 0, {command(2, 1), command(3, 1)}));
  one.flush();
  one.tell(link_changed{node(2), false});
  one.hear(3, 3, vote_request{log_index{9}, term{2}, true, false});
  CHECK(one.sent<vote_reply>()[0].second.granted);
}

TEST_CASE("another store under a known number counts for nothing (P19)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.snapshot.members.stores = {{node(1), store_id{11}}, {node(2), store_id{12}}};
  replica_under_test one{found, {}, store_id{11}};
  one.wake();
  const auto say = [&](std::uint64_t store, body content) {
    one.tell(received{{node(2), node(1), store_id{store}, term{1}, std::move(content)}});
  };
  say(99, vote_reply{true, true});
  CHECK(one.machine().role() == role_kind::pre_candidate);
  say(12, vote_reply{true, true});
  one.flush();
  say(99, vote_reply{false, true});
  CHECK(one.machine().role() == role_kind::candidate);
  say(12, vote_reply{false, true});
  REQUIRE(one.machine().role() == role_kind::leader);
  one.flush();
  append_reply has_all{.accepted = true, .matched = log_index{1}};
  say(99, has_all);
  CHECK(one.machine().commit() == log_index{0});
  say(12, has_all);
  CHECK(one.machine().commit() == log_index{1});
}

TEST_CASE("whose store isn't the one that the configuration names has no voice (P19)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.snapshot.members.stores = {{node(1), store_id{11}}, {node(2), store_id{12}}};
  replica_under_test stranger{found, {}, store_id{98}};
  stranger.wake();
  CHECK(stranger.machine().role() == role_kind::follower);
  stranger.hear(2, 1, vote_request{log_index{5}, term{1}, true, false});
  CHECK_FALSE(stranger.sent<vote_reply>()[0].second.granted);
}

TEST_CASE("a replica that lags follows a leader whose store it doesn't know yet (P19)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.snapshot.members.stores = {{node(2), store_id{12}}};
  replica_under_test one{found};
  // Node 2 lost its data, came back with store 99 and was chosen: all that is in a
  // part of the log that this replica has not seen.
  one.tell(received{{node(2), node(1), store_id{99}, term{1},
                     vote_request{log_index{4}, term{0}, false, false}}});
  one.flush();
  CHECK(one.sent<vote_reply>()[0].second.granted);
  one.tell(received{{node(2), node(1), store_id{99}, term{1},
                     append(0, 0, 0, {command(1, 1)})}});
  CHECK(one.machine().leader_known() == node(2));
  CHECK(one.machine().log().last() == log_index{1});
}

TEST_CASE("two pre-candidates: the lower number goes first") {
  replica_under_test one;
  one.wake();
  REQUIRE(one.machine().role() == role_kind::pre_candidate);
  one.hear(2, 1, vote_request{log_index{0}, term{0}, true, false});
  CHECK_FALSE(one.sent<vote_reply>()[0].second.granted);
  one.hear(2, 1, vote_request{log_index{3}, term{0}, true, false});
  CHECK(one.sent<vote_reply>()[0].second.granted);
  CHECK(one.machine().role() == role_kind::follower);
}

TEST_CASE("timeouts are drawn from [T, 1.5 T), another for each seed") {
  std::set<time_ms> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    raft_settings settings;
    settings.seed = seed;
    replica_under_test one{replica_under_test::with_voters({1, 2, 3}), settings};
    const auto wake = *one.machine().next_wake();
    CHECK(wake >= settings.election_timeout_ms);
    CHECK(wake < settings.election_timeout_ms * 3 / 2);
    seen.insert(wake);
  }
  CHECK(seen.size() > 25);
}
