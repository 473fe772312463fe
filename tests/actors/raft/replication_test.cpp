#include "runtime/base/check.hpp"
#include "tests/actors/raft/replica_under_test.hpp"

using namespace present;
using namespace present::raft;

TEST_CASE("a leader starts its term with an empty entry (rule 1)") {
  replica_under_test one;
  one.lead();
  CHECK(one.machine().log().last() == log_index{1});
  CHECK(one.machine().commit() == log_index{1});
}

TEST_CASE("a broken invariant is noticed in every build, and said by its name (rule 14)") {
  replica_under_test one;
  one.lead();
  CHECK_THROWS_AS(one.hear(2, 1, append_request{}), invariant_violation);
}

TEST_CASE("a proposal goes to the peers before the own flush, and commits after it (rule 5)") {
  replica_under_test one;
  one.lead();
  one.tell(propose{7, std::make_shared<const std::string>("v")});
  REQUIRE(one.effects_of<proposal_accepted>().size() == 1);
  CHECK(one.effects_of<proposal_accepted>()[0].index == log_index{2});
  CHECK_FALSE(one.sent<append_request>().empty());
  CHECK(one.effects_of<persist>().size() == 1);
  one.acknowledge(2, 1, 2);
  CHECK(one.machine().commit() == log_index{1});
  one.flush();
  CHECK(one.machine().commit() == log_index{2});
  REQUIRE(one.effects_of<apply>().size() == 1);
  CHECK(one.effects_of<apply>()[0].entries[0].index == log_index{2});
}

TEST_CASE("two followers commit while the leader's own disk is slow, but it applies nothing") {
  replica_under_test one;
  one.lead();
  one.tell(propose{7, std::make_shared<const std::string>("v")});
  one.acknowledge(2, 1, 2);
  one.acknowledge(3, 1, 2);
  CHECK(one.machine().commit() == log_index{2});
  CHECK(one.effects_of<apply>().empty());
  one.flush();
  CHECK(one.effects_of<apply>().size() == 1);
}

TEST_CASE("an entry of an old term is not committed by counting (rule 1)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.hard = {term{2}, {}};
  found.entries = {command(1, 1), command(2, 2)};
  replica_under_test one{found};
  one.wake();
  one.hear(2, 3, vote_reply{true, true});
  one.flush();
  one.hear(2, 3, vote_reply{false, true});
  one.flush();
  one.acknowledge(2, 3, 2);
  CHECK(one.machine().commit() == log_index{0});
  one.acknowledge(2, 3, 3);
  CHECK(one.machine().commit() == log_index{3});
}

TEST_CASE("a follower acknowledges what is durable, when it is (rule 2)") {
  replica_under_test one;
  one.hear(2, 1, append(0, 0, 0, {command(1, 1), command(2, 1)}));
  CHECK(one.sent<append_reply>().empty());
  one.flush();
  REQUIRE_FALSE(one.sent<append_reply>().empty());
  CHECK(one.sent<append_reply>().back().second.matched == log_index{2});
}

TEST_CASE("a stale tail is not acknowledged to a new leader (rule 2)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.hard = {term{1}, {}};
  found.entries = {command(1, 1), command(2, 1), command(3, 1)};
  replica_under_test one{found};
  one.hear(2, 2, append(1, 1, 0));
  one.flush();
  REQUIRE_FALSE(one.sent<append_reply>().empty());
  CHECK(one.sent<append_reply>().back().second.matched == log_index{1});
}

TEST_CASE("a late write says nothing of entries that were cut off since (rule 3)") {
  replica_under_test one;
  one.hear(2, 1, append(0, 0, 0, {command(1, 1), command(2, 1), command(3, 1)}));
  const auto first_write = one.effects_of<persist>()[0].number;
  one.hear(3, 2, append(1, 1, 0, {command(2, 2)}));
  // The old entries come back, from a leader that held them all the time.
  one.hear(2, 3, append(1, 1, 0, {command(2, 1), command(3, 1)}));
  one.tell(persisted{first_write});
  CHECK(one.machine().log().durable() < log_index{2});
  one.tell(persisted{first_write + 2});
  CHECK(one.machine().log().durable() == log_index{3});
}

TEST_CASE("a refusal says where to probe next, a term at a time (rule 8)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.hard = {term{3}, {}};
  found.entries = {command(1, 1), command(2, 1), command(3, 3), command(4, 3)};
  replica_under_test one{found};
  one.hear(2, 4, append(9, 2, 0));
  one.flush();
  REQUIRE(one.sent<append_reply>().size() == 1);
  const auto answer = one.sent<append_reply>()[0].second;
  CHECK_FALSE(answer.accepted);
  CHECK(answer.hint_index == log_index{2});
  CHECK(answer.hint_term == term{1});
}

TEST_CASE("after a refusal the leader probes again at once (rule 8)") {
  replica_under_test one;
  one.lead();
  for (ticket id = 1; id <= 5; ++id)
    one.tell(propose{id, std::make_shared<const std::string>("v")});
  append_reply refusal;
  refusal.refused_index = log_index{0};
  one.acknowledge(3, 1, 0);
  refusal.refused_index = log_index{6};
  refusal.hint_index = log_index{2};
  refusal.hint_term = term{1};
  one.hear(3, 1, refusal);
  const auto sent = one.sent<append_request>();
  REQUIRE(sent.size() == 1);
  CHECK(sent[0].second.previous_index == log_index{2});
  CHECK(sent[0].second.entries.size() == 4);
}

TEST_CASE("an append repeated or late changes nothing") {
  replica_under_test one;
  one.hear(2, 1, append(0, 0, 0, {command(1, 1), command(2, 1)}));
  one.flush();
  one.hear(2, 1, append(2, 1, 2, {command(3, 1)}));
  one.flush();
  one.hear(2, 1, append(0, 0, 0, {command(1, 1), command(2, 1)}));
  CHECK(one.effects_of<persist>().empty());
  CHECK(one.machine().log().last() == log_index{3});
  CHECK(one.sent<append_reply>().back().second.matched == log_index{3});
}

TEST_CASE("what is in flight to a peer is bounded, and flows again (rule 9)") {
  raft_settings settings;
  settings.max_inflight_messages = 2;
  replica_under_test one{replica_under_test::with_voters({1, 2, 3}), settings};
  one.lead();
  std::size_t sent_to_two = 0;
  for (ticket id = 1; id <= 10; ++id) {
    one.tell(propose{id, std::make_shared<const std::string>("v")});
    for (const auto& [envelope, content] : one.sent<append_request>())
      sent_to_two += envelope.to == node(2);
  }
  CHECK(sent_to_two == 2);
  one.acknowledge(2, 1, 3);
  REQUIRE_FALSE(one.sent<append_request>().empty());
  CHECK(one.sent<append_request>()[0].second.entries.size() == 8);
}

TEST_CASE("too much uncommitted is refused as overloaded") {
  raft_settings settings;
  settings.max_uncommitted_bytes = 200;
  replica_under_test one{replica_under_test::with_voters({1, 2, 3}), settings};
  one.lead();
  const auto payload = std::make_shared<const std::string>(150, 'v');
  one.tell(propose{1, payload});
  CHECK(one.effects_of<proposal_accepted>().size() == 1);
  one.tell(propose{2, payload});
  REQUIRE(one.effects_of<proposal_refused>().size() == 1);
  CHECK(one.effects_of<proposal_refused>()[0].why == refusal::overloaded);
}

TEST_CASE("older entries than those in memory are asked for") {
  raft_settings settings;
  settings.max_tail_bytes = 100;
  replica_under_test one{replica_under_test::with_voters({1, 2, 3}), settings};
  one.lead();
  for (ticket id = 1; id <= 5; ++id) {
    one.tell(propose{id, std::make_shared<const std::string>("v")});
    one.flush();
    one.acknowledge(2, 1, 1 + id);
    one.tell(applied{one.machine().commit()});
  }
  CHECK(one.machine().log().tail_first() > log_index{3});
  one.tell(link_changed{node(3), false});
  one.tell(link_changed{node(3), true});
  REQUIRE(one.effects_of<load_entries>().size() == 1);
  CHECK(one.effects_of<load_entries>()[0].first == log_index{1});
  auto first = entry{};
  first.index = log_index{1};
  first.at_term = term{1};
  one.tell(entries_loaded{node(3), {first, command(2, 1), command(3, 1)}});
  REQUIRE(one.sent<append_request>().size() == 1);
  CHECK(one.sent<append_request>()[0].second.entries.size() == 3);
}

TEST_CASE("a proposal is replaced when another is committed at its index, not before (P5)") {
  replica_under_test one;
  one.lead();
  one.tell(propose{7, std::make_shared<const std::string>("v")});
  one.flush();
  one.hear(3, 2, append(1, 1, 1, {command(2, 2)}));
  CHECK(one.effects_of<proposal_replaced>().empty());
  one.flush();
  one.hear(3, 2, append(2, 2, 2));
  REQUIRE(one.effects_of<proposal_replaced>().size() == 1);
  CHECK(one.effects_of<proposal_replaced>()[0].id == 7);
}

TEST_CASE("a leader that hears no quorum for T steps down") {
  replica_under_test one;
  one.lead();
  const auto since = one.now();
  while (one.machine().role() == role_kind::leader && one.now() < 10'000)
    one.wake();
  CHECK(one.machine().role() == role_kind::follower);
  CHECK(one.now() - since <= 350);
}

TEST_CASE("a leader whose links broke says so at once") {
  replica_under_test one;
  one.lead();
  one.tell(link_changed{node(2), false});
  CHECK(one.effects_of<quorum_changed>().empty());
  one.tell(link_changed{node(3), false});
  REQUIRE(one.effects_of<quorum_changed>().size() == 1);
  CHECK_FALSE(one.effects_of<quorum_changed>()[0].has_quorum);
  one.tell(link_changed{node(3), true});
  CHECK(one.effects_of<quorum_changed>()[0].has_quorum);
}

TEST_CASE("after one failed write the machine is silent for good (rule 12)") {
  replica_under_test one;
  one.lead();
  one.tell(propose{7, std::make_shared<const std::string>("v")});
  one.tell(persist_failed{one.effects_of<persist>()[0].number, false});
  CHECK(one.effects_of<rebuild_needed>().size() == 1);
  CHECK(one.sent<timeout_now>().size() == 1);
  one.tell(persisted{99});
  CHECK(one.machine().is_stopped());
  one.pass(10'000);
  CHECK(one.effects_of<send>().empty());
}

TEST_CASE("a full disk is a refusal, and service resumes when there is room (rule 12)") {
  replica_under_test one;
  one.lead();
  one.tell(propose{7, std::make_shared<const std::string>("v")});
  one.tell(persist_failed{one.effects_of<persist>()[0].number, true});
  CHECK(one.machine().role() == role_kind::follower);
  one.tell(propose{8, std::make_shared<const std::string>("v")});
  CHECK(one.effects_of<proposal_refused>()[0].why == refusal::disk_full);
  // Once may be the moment before somebody makes room.
  CHECK_FALSE(one.machine().waits_for_room());
  one.pass(500);
  REQUIRE(one.effects_of<persist>().size() == 1);
  one.tell(persist_failed{one.effects_of<persist>()[0].number, true});
  CHECK(one.machine().waits_for_room());
  one.pass(500);
  REQUIRE(one.effects_of<persist>().size() == 1);
  CHECK(one.effects_of<persist>()[0].entries.size() == 1);
  one.flush();
  CHECK(one.machine().log().durable() == log_index{2});
  CHECK_FALSE(one.machine().waits_for_room());
}
