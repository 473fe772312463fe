#include "tests/actors/raft/replica_under_test.hpp"

using namespace present;
using namespace present::raft;

namespace {

configuration with_learner() {
  auto members = voters({1, 2, 3});
  members.learners = {node(4)};
  return members;
}

/// A leader of {1, 2, 3} whose learner 4 has caught up.
replica_under_test leader_with_learner() {
  replica_under_test one;
  one.lead();
  one.tell(propose_configuration{1, with_learner()});
  REQUIRE(one.effects_of<proposal_accepted>().size() == 1);
  one.flush();
  one.acknowledge(2, 1, 2);
  one.acknowledge(4, 1, 2);
  one.tell(applied{log_index{2}});
  REQUIRE(one.machine().commit() == log_index{2});
  return one;
}

} // namespace

TEST_CASE("a learner is added at once, and is no voter (rule 16)") {
  auto one = leader_with_learner();
  CHECK_FALSE(one.machine().members().is_joint());
  one.tell(propose{2, std::make_shared<const std::string>("v")});
  one.flush();
  one.acknowledge(4, 1, 3);
  CHECK(one.machine().commit() == log_index{2});
  one.acknowledge(3, 1, 3);
  CHECK(one.machine().commit() == log_index{3});
}

TEST_CASE("a voter to be has to be a learner that caught up") {
  replica_under_test one;
  one.lead();
  one.tell(propose_configuration{1, voters({1, 2, 4})});
  REQUIRE(one.effects_of<proposal_refused>().size() == 1);
  CHECK(one.effects_of<proposal_refused>()[0].why == refusal::not_caught_up);
}

TEST_CASE("a voter to be has to know that it is a learner: what it had before may go (rule 6)") {
  replica_under_test one;
  one.lead();
  one.tell(propose_configuration{1, with_learner()});
  one.flush();
  one.acknowledge(2, 1, 2);
  one.acknowledge(4, 1, 1); // from when it was a member before
  one.tell(propose_configuration{2, voters({1, 2, 4})});
  REQUIRE(one.effects_of<proposal_refused>().size() == 1);
  CHECK(one.effects_of<proposal_refused>()[0].why == refusal::not_caught_up);
  one.acknowledge(4, 1, 2);
  one.tell(propose_configuration{3, voters({1, 2, 4})});
  CHECK(one.machine().members().is_joint());
}

TEST_CASE("voters are replaced through a joint configuration (rule 6)") {
  auto one = leader_with_learner();
  one.tell(propose_configuration{5, voters({1, 2, 4})});
  REQUIRE(one.machine().members().is_joint());
  one.flush();
  // A majority of the new voters alone does not commit.
  one.acknowledge(4, 1, 3);
  CHECK(one.machine().commit() == log_index{2});
  one.acknowledge(2, 1, 3);
  CHECK(one.machine().commit() == log_index{3});
  // It is left without being asked.
  CHECK_FALSE(one.machine().members().is_joint());
  CHECK(one.machine().members() == voters({1, 2, 4}));
  CHECK(one.machine().log().last() == log_index{4});
}

TEST_CASE("one change at a time") {
  auto one = leader_with_learner();
  one.tell(propose_configuration{5, voters({1, 2, 4})});
  one.tell(propose_configuration{6, voters({1, 2, 3})});
  REQUIRE(one.effects_of<proposal_refused>().size() == 1);
  CHECK(one.effects_of<proposal_refused>()[0].why == refusal::in_progress);
}

TEST_CASE("malformed configurations are refused") {
  replica_under_test one;
  one.lead();
  auto both = voters({1, 2, 3});
  both.learners = {node(3)};
  for (const auto& wanted : {configuration{}, voters({1, 1, 2}), both}) {
    one.tell(propose_configuration{1, wanted});
    REQUIRE(one.effects_of<proposal_refused>().size() == 1);
    CHECK(one.effects_of<proposal_refused>()[0].why == refusal::invalid);
  }
}

TEST_CASE("another store can't slip in under a voter's number (P19)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.snapshot.members.stores = {{node(3), store_id{33}}};
  replica_under_test one{found};
  one.lead();
  auto wanted = voters({1, 2, 3});
  wanted.stores = {{node(3), store_id{34}}};
  one.tell(propose_configuration{1, wanted});
  CHECK(one.effects_of<proposal_refused>()[0].why == refusal::invalid);
}

TEST_CASE("a leader that is no member any more hands over when that is committed") {
  auto one = leader_with_learner();
  one.tell(propose_configuration{5, voters({2, 3, 4})});
  one.flush();
  one.acknowledge(2, 1, 3);
  one.acknowledge(3, 1, 3);
  one.acknowledge(4, 1, 3);
  CHECK(one.machine().members() == voters({2, 3, 4}));
  CHECK(one.machine().role() == role_kind::leader);
  one.flush();
  one.acknowledge(2, 1, 4);
  CHECK(one.machine().role() == role_kind::leader);
  one.acknowledge(4, 1, 4);
  CHECK(one.machine().role() == role_kind::follower);
  CHECK(one.sent<timeout_now>().size() == 1);
  CHECK_FALSE(one.machine().next_wake().has_value());
}

TEST_CASE("leadership is handed to a peer that has caught up") {
  replica_under_test one;
  one.lead();
  one.tell(propose{2, std::make_shared<const std::string>("v")});
  one.flush();
  one.tell(transfer_leadership{node(3)});
  CHECK(one.sent<timeout_now>().empty());
  one.tell(propose{3, std::make_shared<const std::string>("v")});
  CHECK(one.effects_of<proposal_refused>()[0].why == refusal::in_progress);
  one.acknowledge(3, 1, 2);
  REQUIRE(one.sent<timeout_now>().size() == 1);
  CHECK(one.sent<timeout_now>()[0].first.to == node(3));
}

TEST_CASE("a transfer that comes to nothing is given up after T") {
  replica_under_test one;
  one.lead();
  one.tell(transfer_leadership{node(3)});
  for (int beat = 0; beat < 6; ++beat) {
    one.wake();
    one.acknowledge(2, 1, 1);
  }
  one.tell(propose{3, std::make_shared<const std::string>("v")});
  CHECK(one.effects_of<proposal_accepted>().size() == 1);
}

TEST_CASE("an uncommitted configuration survives a restart and is rolled back if replaced (rule 6)") {
  auto found = replica_under_test::with_voters({1, 2, 3});
  found.hard = {term{1}, {}};
  found.entries = {command(1, 1),
                   {.at_term = term{1},
                    .index = log_index{2},
                    .kind = entry_kind::configuration,
                    .members = std::make_shared<const configuration>(
                      voters({1, 2, 3, 4, 5}))}};
  replica_under_test one{found};
  CHECK(one.machine().members() == voters({1, 2, 3, 4, 5}));
  one.hear(2, 2, append(1, 1, 0, {command(2, 2)}));
  CHECK(one.machine().members() == voters({1, 2, 3}));
}
