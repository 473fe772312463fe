#include "actors/partition/steward.hpp"

#include "actors/membership/placement.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace present;
using namespace present::partition;

namespace {

using peer_status = raft::raft_machine::peer_status;
using phase = raft::progress::phase;

store_id store_of(std::uint32_t node) {
  return {100 + node};
}

/// Node 1 leads partition 1; the test plays raft and the map.
class leader_under_test {
public:
  leader_under_test() : machine({.self = {1}, .partition = {1}}) {
    for (std::uint32_t n = 1; n <= 5; ++n)
      map.nodes.push_back({{n}, store_of(n), storage::node_state::active, "", ""});
    map.partitions = {{.partition = {1}}};
    want({1, 2, 3});
    seen.at_term = {2};
    seen.committed = true;
    seen.last = {1000};
    set_voters({1, 2, 3});
    machine.on_role(true, now);
  }

  void want(std::vector<std::uint32_t> nodes) {
    auto& wanted = map.partitions.front().wanted;
    wanted.clear();
    for (const auto n : nodes)
      wanted.push_back({n});
    tell_map();
  }
  void tell_map() { machine.on_map(std::make_shared<const cluster_map>(map)); }

  void set_voters(std::vector<std::uint32_t> nodes) {
    seen.members = {};
    for (const auto n : nodes) {
      seen.members.voters.push_back({n});
      seen.members.stores.push_back({{n}, store_of(n)});
    }
    seen_peers();
  }
  void add_learner(std::uint32_t node) {
    seen.members.learners.push_back({node});
    seen.members.stores.push_back({{node}, store_of(node)});
    seen_peers();
  }
  peer_status& peer(std::uint32_t node) {
    return *std::find_if(seen.peers.begin(), seen.peers.end(),
                         [&](const auto& p) { return p.node == node_id{node}; });
  }

  std::optional<steward_step> look() { return machine.look(seen, now); }
  const raft::configuration& next() {
    last = look();
    REQUIRE(last);
    REQUIRE(std::holds_alternative<exchange_members>(*last));
    return std::get<exchange_members>(*last).wanted;
  }

  time_ms now = 1'000;
  cluster_map map;
  leader_view seen;
  steward machine;
  std::optional<steward_step> last;

private:
  void seen_peers() {
    seen.peers.clear();
    for (const auto* side : {&seen.members.voters, &seen.members.learners})
      for (const auto node : *side)
        if (node.value != 1)
          seen.peers.push_back({node, side == &seen.members.voters, true, seen.last,
                                phase::replicating});
  }
};

std::vector<node_id> nodes(std::initializer_list<std::uint32_t> numbers) {
  std::vector<node_id> made;
  for (const auto n : numbers)
    made.push_back({n});
  return made;
}

} // namespace

TEST_CASE("a partition that is as wanted is left alone, and costs no timer") {
  leader_under_test leader;
  CHECK_FALSE(leader.look());
  CHECK_FALSE(leader.machine.next_look());
}

TEST_CASE("a node in a dead one's place: a learner first, then a voter for a voter (S1)") {
  leader_under_test leader;
  leader.peer(3).reachable = false;
  leader.want({1, 2, 4});
  CHECK(leader.next().voters == nodes({1, 2, 3}));
  CHECK(leader.next().learners == nodes({4}));
  leader.add_learner(4);
  leader.peer(4).matched = {500};
  CHECK_FALSE(leader.look()); // it lags
  CHECK(leader.machine.next_look());
  leader.peer(4).matched = {950};
  CHECK(leader.next().voters == nodes({1, 2, 4}));
  CHECK(leader.next().learners.empty());
  CHECK(leader.next().stores
        == std::vector<raft::member_store>{
          {{1}, store_of(1)}, {{2}, store_of(2)}, {{4}, store_of(4)}});
}

TEST_CASE("a learner that has not heard of being one is not yet ready (S1)") {
  leader_under_test leader;
  leader.want({1, 2, 4});
  leader.add_learner(4);
  leader.seen.members_index = {990};
  leader.peer(4).matched = {989};
  REQUIRE(leader.look()); // the root is told
  leader.map.partitions.front().members_index = {990};
  leader.tell_map();
  CHECK_FALSE(leader.look());
  leader.peer(4).matched = {990};
  CHECK(leader.next().voters == nodes({1, 2, 4}));
}

TEST_CASE("whoever can come does, while another can't (S1)") {
  leader_under_test leader;
  leader.want({1, 4, 5});
  leader.add_learner(4);
  leader.add_learner(5);
  leader.peer(5).reachable = false;
  CHECK(leader.next().voters == nodes({1, 4, 2}));
  CHECK(leader.next().learners == nodes({5}));
}

TEST_CASE("fewer are wanted: the rest goes at once") {
  leader_under_test leader;
  leader.want({1, 2});
  CHECK(leader.next().voters == nodes({1, 2}));
}

TEST_CASE("a node with another store is a voter no more, then a learner, then a voter (S2)") {
  leader_under_test leader;
  leader.map.nodes[2].store = {777};
  leader.tell_map();
  CHECK(leader.next().voters == nodes({1, 2}));
  CHECK(leader.next().learners.empty());
  leader.set_voters({1, 2});
  CHECK(leader.next().learners == nodes({3}));
  CHECK(leader.next().stores.back() == raft::member_store{{3}, {777}});
  leader.add_learner(3);
  leader.seen.members.stores.back().store = {777};
  CHECK(leader.next().voters == nodes({1, 2, 3}));
}

TEST_CASE("a learner that lost its data begins again with its new store (S2)") {
  leader_under_test leader;
  leader.want({1, 2, 4});
  leader.add_learner(4);
  leader.map.nodes[3].store = {888};
  leader.tell_map();
  CHECK(leader.next().learners == nodes({4}));
  CHECK(leader.next().stores.back() == raft::member_store{{4}, {888}});
}

TEST_CASE("nothing happens while a change is under way (S3)") {
  leader_under_test leader;
  leader.want({1, 2, 4});
  SUBCASE("not committed") { leader.seen.committed = false; }
  SUBCASE("joint") { leader.seen.members.outgoing = nodes({1, 2, 3}); }
  CHECK_FALSE(leader.look());
  CHECK(leader.machine.next_look());
}

TEST_CASE("the root is told of each committed set of voters, once a leadership (S5)") {
  leader_under_test leader;
  leader.seen.members_index = {40};
  const auto told = leader.look();
  REQUIRE(told);
  CHECK(std::get<tell_members>(*told).what
        == report_members{{1}, {40}, nodes({1, 2, 3}), leader.map.epoch});
  CHECK_FALSE(leader.look());
  leader.machine.on_role(true, leader.now); // in another term
  CHECK(leader.look());
}

TEST_CASE("the root is told again by which map a leader acts, when one wants somebody no more (S5)") {
  leader_under_test leader;
  leader.map.epoch = {5};
  leader.map.partitions.front().members_index = {40};
  leader.seen.members_index = {40};
  leader.want({1, 2, 3});
  REQUIRE(leader.look());
  leader.map.epoch = {6};
  leader.map.partitions.front().departures = {{{4}, {6}}};
  SUBCASE("its members are as they were") {
    leader.want({1, 2, 3});
    const auto told = leader.look();
    REQUIRE(told);
    CHECK(std::get<tell_members>(*told).what
          == report_members{{1}, {40}, nodes({1, 2, 3}), {6}});
    CHECK_FALSE(leader.look()); // once: who asks the root asks until it knows
  }
  SUBCASE("a learner goes first, which a next leader with an older map could make a voter") {
    leader.add_learner(4);
    leader.want({1, 2, 3});
    CHECK(leader.next().learners.empty());
    leader.set_voters({1, 2, 3});
    leader.seen.members_index = {44};
    const auto told = leader.look();
    REQUIRE(told);
    CHECK(std::get<tell_members>(*told).what
          == report_members{{1}, {44}, nodes({1, 2, 3}), {6}});
  }
}

TEST_CASE("leadership goes to whom the map wants first, after a while (S4)") {
  leader_under_test leader;
  leader.want({3, 1, 2});
  CHECK_FALSE(leader.look());
  REQUIRE(leader.machine.next_look());
  leader.now = *leader.machine.next_look();
  SUBCASE("it is up with the log") {
    const auto step = leader.look();
    REQUIRE(step);
    CHECK(std::get<hand_over>(*step).to == node_id{3});
    CHECK_FALSE(leader.look()); // not again at once
  }
  SUBCASE("it is not") {
    leader.peer(3).matched = {800};
    CHECK_FALSE(leader.look());
    CHECK(leader.machine.next_look()); // it may be soon
  }
  SUBCASE("nor can it be reached") {
    leader.peer(3).reachable = false;
    CHECK_FALSE(leader.look());
  }
}

TEST_CASE("a leader that is to go hands over to one that stays") {
  leader_under_test leader;
  leader.want({2, 3, 4});
  leader.set_voters({1, 2, 3});
  leader.add_learner(4);
  leader.peer(4).phase = phase::installing;
  leader.now += 3'000;
  const auto step = leader.look();
  REQUIRE(step);
  CHECK(std::get<hand_over>(*step).to == node_id{2});
}

TEST_CASE("who doesn't lead does nothing") {
  leader_under_test leader;
  leader.want({4, 5});
  leader.machine.on_role(false, leader.now);
  CHECK_FALSE(leader.look());
  CHECK_FALSE(leader.machine.next_look());
}

TEST_CASE("a map that is older than the members changes nothing, whoever it wants (S6)") {
  leader_under_test leader;
  leader.set_voters({1, 3, 5});
  leader.seen.members_index = {40};
  REQUIRE(leader.look()); // the root is told
  SUBCASE("it doesn't know one of them") { leader.map.nodes.pop_back(); }
  SUBCASE("it knows one with an earlier store") { leader.map.nodes.back().store = {7}; }
  leader.map.partitions.front().members_index = {39};
  leader.want({1, 2, 3});
  CHECK_FALSE(leader.look());
  // The map that has heard of them.
  leader.map.nodes.resize(4);
  leader.map.nodes.push_back({{5}, store_of(5), storage::node_state::active, "", ""});
  leader.map.partitions.front().members_index = {40};
  leader.want({1, 2, 3});
  CHECK(leader.next().voters == nodes({1, 3, 5}));
  CHECK(leader.next().learners == nodes({2}));
}
