#include "actors/membership/membership_machine.hpp"

#include "actors/membership/placement.hpp"
#include "runtime/base/overloaded.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace present;
using namespace present::membership;

namespace {

constexpr std::uint64_t first_store = 100;

cluster_map::node node_at(std::uint32_t id) {
  return {{id}, {first_store + id}, storage::node_state::active,
          "address-" + std::to_string(id), ""};
}

/// Nodes 1 to `nodes`, each with store 100 + its number, four data partitions.
cluster_map born(std::uint32_t nodes = 3) {
  std::vector<cluster_map::node> all;
  for (std::uint32_t id = 1; id <= nodes; ++id)
    all.push_back(node_at(id));
  return founding_map("c", std::move(all), 4);
}

cluster_map_ptr shared(cluster_map map, std::uint64_t epoch) {
  map.epoch = {epoch};
  return std::make_shared<const cluster_map>(std::move(map));
}

/// Node 1; the test plays its disk, its peers and its children.
class node_under_test {
public:
  explicit node_under_test(store_id store = {first_store + 1})
      : machine({.self = {1}, .store = store, .cluster = "c"}) {}

  void hear(event_kind what) {
    effects out;
    machine.step({now, std::move(what)}, out);
    for (auto& effect : out)
      std::visit(overloaded{
                   [&](store_map& e) { storing.push_back(e.map); },
                   [&](publish_map& e) { published = e.map; },
                   [&](start_link& e) { links[e.peer] = e.address; },
                   [&](stop_link& e) { links.erase(e.peer); },
                   [&](start_replica& e) {
                     CHECK_MESSAGE(replicas.insert(e.group.partition).second,
                                   "a replica is started twice");
                     started_as[e.group.partition] = e;
                   },
                   [&](stop_replica& e) { replicas.erase(e.partition); },
                   [&](drop_replica& e) {
                     replicas.erase(e.partition);
                     dropped.push_back(e.partition);
                     dropped_at = e.members_index;
                   },
                   [&](offer_map& e) { offers.push_back(e); },
                   [&](ask_root& e) { asked.push_back(e); },
                   [&](found_answered& e) { answers.push_back(e); },
                 },
                 effect);
  }
  /// The disk takes what is to be stored.
  void stored() {
    while (!storing.empty()) {
      const auto map = storing.front();
      storing.erase(storing.begin());
      hear(map_stored{map->epoch});
    }
  }
  void learn(cluster_map_ptr map) {
    hear(map_heard{std::move(map)});
    stored();
  }
  void pass(time_ms ms) {
    now += ms;
    hear(time_passed{});
  }
  std::vector<node_id> offered_to() {
    std::vector<node_id> peers;
    for (const auto& offer : std::exchange(offers, {}))
      peers.push_back(offer.peer);
    return peers;
  }

  time_ms now = 10'000;
  membership_machine machine;
  std::vector<cluster_map_ptr> storing;
  cluster_map_ptr published;
  std::map<node_id, std::string> links;
  std::set<partition_id> replicas;
  std::map<partition_id, start_replica> started_as;
  std::vector<partition_id> dropped;
  log_index dropped_at; ///< what the map knew then
  std::vector<offer_map> offers;
  std::vector<ask_root> asked;
  std::vector<found_answered> answers;
};

/// A member since before, from its disk.
node_under_test& as_member(node_under_test& node) {
  node.hear(started{shared(born(), 5), {{0}, {1}, {2}, {3}, {4}}});
  return node;
}

const std::set<partition_id> all_of_them{{0}, {1}, {2}, {3}, {4}};

} // namespace

TEST_CASE("a node without a map waits") {
  node_under_test node;
  node.hear(started{});
  CHECK(node.replicas.empty());
  CHECK(node.links.empty());
  CHECK_FALSE(node.machine.next_wake());
}

TEST_CASE("a founding is followed once it is on the disk, and answered then (I2, P19)") {
  node_under_test node;
  node.hear(started{});
  node.hear(found_asked{7, shared(born(), 1)});
  REQUIRE(node.storing.size() == 1);
  CHECK(node.answers.empty());
  CHECK(node.replicas.empty());
  node.stored();
  REQUIRE(node.answers.size() == 1);
  CHECK(node.answers[0].asker == 7);
  CHECK(node.answers[0].how);
  CHECK(node.links == std::map<node_id, std::string>{{{2}, "address-2"}, {{3}, "address-3"}});
  CHECK(node.replicas == all_of_them);
  CHECK(node.started_as.at({0}).founds);
  CHECK(node.started_as.at({0}).born_with->epoch == map_epoch{1});
  CHECK(node.started_as.at({1}).born_with == nullptr);

  SUBCASE("asked again with the same members it is the same (I5)") {
    node.hear(found_asked{8, shared(born(), 1)});
    REQUIRE(node.answers.size() == 2);
    CHECK(node.answers[1].how);
    CHECK(node.storing.empty());
  }
  SUBCASE("so it is when the cluster has gone on") {
    node.learn(shared(born(), 9));
    node.hear(found_asked{8, shared(born(), 1)});
    CHECK(node.answers.back().how);
    CHECK(node.machine.map()->epoch == map_epoch{9});
  }
  SUBCASE("with others it is refused (I5)") {
    node.hear(found_asked{8, shared(born(2), 1)});
    REQUIRE(node.answers.size() == 2);
    CHECK(node.answers[1].how.problem().code == error_code::invalid);
    CHECK(node.answers[1].how.problem().message
          == "node 1 belongs to a cluster already, founded by others");
  }
}

TEST_CASE("two who found it at once both hear of it") {
  node_under_test node;
  node.hear(started{});
  node.hear(found_asked{7, shared(born(), 1)});
  node.hear(found_asked{8, shared(born(), 1)});
  node.hear(found_asked{9, shared(born(2), 1)});
  REQUIRE(node.answers.size() == 1); // of another cluster
  CHECK(node.answers[0].asker == 9);
  node.stored();
  CHECK(node.answers.size() == 3);
}

TEST_CASE("a founding that is not this node's is refused in plain words") {
  node_under_test node;
  node.hear(started{});
  const auto refusal = [&](cluster_map map) {
    node.hear(found_asked{1, shared(std::move(map), 1)});
    REQUIRE_FALSE(node.answers.back().how);
    return node.answers.back().how.problem().message;
  };
  auto map = born();
  map.cluster = "d";
  CHECK(refusal(map) == "cluster: d; the certificate of this node is of c");
  map = born();
  map.nodes.erase(map.nodes.begin());
  CHECK(refusal(map) == "node 1 is not among the founders");
  map = born();
  map.nodes.front().store = {1};
  CHECK(refusal(map).find("the store is another one") != std::string::npos);
  CHECK(node.storing.empty());
}

TEST_CASE("a node that keeps partitions but has lost the map founds nothing (P19)") {
  node_under_test node;
  node.hear(started{nullptr, {{3}}});
  node.hear(found_asked{1, shared(born(), 1)});
  CHECK(node.answers.back().how.problem().message.find("whose map it has lost")
        != std::string::npos);
  node.learn(shared(born(), 7)); // from a peer
  CHECK(node.replicas == all_of_them);
}

TEST_CASE("a founding that the disk refuses is the operator's to repeat") {
  node_under_test node;
  node.hear(started{});
  node.hear(found_asked{7, shared(born(), 1)});
  node.storing.clear();
  node.hear(map_failed{make_error(error_code::disk_full, "full")});
  REQUIRE(node.answers.size() == 1);
  CHECK(node.answers[0].how.problem().code == error_code::disk_full);
  node.hear(found_asked{8, shared(born(), 1)});
  node.stored();
  CHECK(node.answers.back().how);
}

TEST_CASE("a map that the disk refuses is stored later") {
  node_under_test node;
  as_member(node);
  node.hear(map_heard{shared(born(), 6)});
  node.storing.clear();
  node.hear(map_failed{make_error(error_code::disk_full, "full")});
  CHECK(node.machine.map()->epoch == map_epoch{5});
  REQUIRE(node.machine.next_wake());
  node.pass(*node.machine.next_wake() - node.now);
  node.stored();
  CHECK(node.machine.map()->epoch == map_epoch{6});
}

TEST_CASE("a restarted node goes on with the map on its disk") {
  node_under_test node;
  as_member(node);
  CHECK(node.replicas == all_of_them);
  CHECK(node.links.size() == 2);
  CHECK(node.published->epoch == map_epoch{5});
  CHECK(node.started_as.at({0}).born_with == nullptr); // it is born
  CHECK(node.storing.empty());
}

TEST_CASE("a newer map is followed when stored, an older or a foreign one never (I1, I2)") {
  node_under_test node;
  as_member(node);
  node.hear(map_heard{shared(born(), 7)});
  CHECK(node.published->epoch == map_epoch{5});
  node.hear(map_heard{shared(born(), 9)}); // while 7 is on its way
  node.hear(map_heard{shared(born(), 8)});
  CHECK(node.storing.size() == 1);
  node.stored();
  CHECK(node.published->epoch == map_epoch{9});
  node.hear(map_heard{shared(born(), 9)});
  node.hear(map_heard{shared(born(), 4)});
  auto foreign = born();
  foreign.cluster = "d";
  node.hear(map_heard{shared(foreign, 20)});
  CHECK(node.storing.empty());
}

TEST_CASE("who keeps the root gives each map to all who can be reached") {
  node_under_test node;
  as_member(node);
  node.hear(peer_up{{2}, {102}});
  CHECK(node.offered_to() == std::vector<node_id>{{2}}); // what there is
  node.learn(shared(born(), 6));
  CHECK(node.offered_to() == std::vector<node_id>{{2}});
  node.hear(peer_down{{2}});
  node.learn(shared(born(), 7));
  CHECK(node.offered_to().empty());
  node.hear(peer_up{{2}, {102}});
  CHECK(node.offered_to() == std::vector<node_id>{{2}});
  SUBCASE("others do so only when a link comes up") {
    auto map = born();
    map.partitions[0].wanted = map.partitions[0].members = {{2}, {3}};
    node.learn(shared(map, 8));
    node.offered_to();
    node.learn(shared(map, 9));
    CHECK(node.offered_to().empty());
  }
}

TEST_CASE("links follow the nodes of the map") {
  node_under_test node;
  as_member(node);
  auto map = born(4);
  map.nodes[1].rpc_address = "elsewhere";
  node.learn(shared(map, 6));
  CHECK(node.links
        == std::map<node_id, std::string>{
          {{2}, "elsewhere"}, {{3}, "address-3"}, {{4}, "address-4"}});
  map.nodes[3].state = storage::node_state::left;
  map.nodes[2].state = storage::node_state::draining;
  node.learn(shared(map, 7));
  CHECK(node.links.size() == 2);
  CHECK(node.links.contains({3}));
}

TEST_CASE("a replica is dropped when neither wanted here nor a member any more (I4)") {
  node_under_test node;
  as_member(node);
  auto map = born();
  map.partitions[2].wanted = {{2}, {3}};
  node.learn(shared(map, 6));
  CHECK(node.replicas == all_of_them); // still a member
  map.partitions[2].members = {{2}, {3}};
  node.learn(shared(map, 7));
  CHECK(node.dropped == std::vector<partition_id>{{2}});
  SUBCASE("it comes back once its data are gone") {
    map.partitions[2].wanted = {{1}, {2}, {3}};
    node.learn(shared(map, 8));
    CHECK_FALSE(node.replicas.contains({2}));
    node.hear(replica_dropped{{2}});
    CHECK(node.replicas.contains({2}));
  }
}

TEST_CASE("a replica goes on that its log has counted on since the map, until that says more (I4)") {
  node_under_test node;
  as_member(node);
  auto map = born();
  map.partitions[2].wanted = map.partitions[2].members = {{2}, {3}};
  map.partitions[2].members_index = {20};
  node.learn(shared(map, 6));
  REQUIRE(node.dropped == std::vector<partition_id>{{2}});
  CHECK(node.dropped_at == log_index{20});
  node.hear(replica_spared{{2}, {20}});
  CHECK(node.dropped.size() == 1);
  CHECK(node.replicas.contains({2}));
  map.partitions[1].members_index = {70}; // another partition's
  node.learn(shared(map, 7));
  CHECK(node.dropped.size() == 1);
  SUBCASE("that it is wanted here again") {
    map.partitions[2].wanted = {{1}, {2}, {3}};
    node.learn(shared(map, 8));
    CHECK(node.replicas.contains({2}));
  }
  SUBCASE("that its members have changed again, without this node") {
    map.partitions[2].members_index = {30};
    node.learn(shared(map, 8));
    CHECK(node.dropped == std::vector<partition_id>{{2}, {2}});
    CHECK(node.dropped_at == log_index{30});
    CHECK_FALSE(node.replicas.contains({2}));
    node.hear(replica_dropped{{2}});
    CHECK_FALSE(node.replicas.contains({2}));
  }
}

TEST_CASE("a newer map that came while a replica was stopped is followed at once") {
  node_under_test node;
  as_member(node);
  auto map = born();
  map.partitions[2].wanted = map.partitions[2].members = {{2}, {3}};
  map.partitions[2].members_index = {20};
  node.learn(shared(map, 6));
  map.partitions[2].wanted = {{1}, {2}, {3}};
  node.learn(shared(map, 7));
  CHECK_FALSE(node.replicas.contains({2}));
  node.hear(replica_spared{{2}, {20}});
  CHECK(node.replicas.contains({2}));
  CHECK(node.dropped.size() == 1);
}

TEST_CASE("what is left on the disk of a partition that went is removed at the next start") {
  node_under_test node;
  auto map = born();
  map.partitions[2].wanted = map.partitions[2].members = {{2}, {3}};
  node.hear(started{shared(map, 6), {{0}, {1}, {2}, {3}, {4}}});
  CHECK(node.dropped == std::vector<partition_id>{{2}});
}

TEST_CASE("a node that joined later founds nothing") {
  node_under_test node{{999}};
  node.hear(started{});
  auto map = born(4);
  map.nodes[0].store = {999}; // it came back with another store than it had then
  node.learn(shared(map, 6));
  REQUIRE_FALSE(node.replicas.empty());
  for (const auto& [partition, how] : node.started_as)
    CHECK_FALSE(how.founds);
}

TEST_CASE("a node whose data the map doesn't know runs no replica (I3, P19)") {
  node_under_test node{{999}};
  node.hear(started{});
  node.learn(shared(born(), 6));
  CHECK(node.machine.is_stranger());
  CHECK(node.replicas.empty());
  CHECK(node.links.size() == 2); // so that the others see it
  auto map = born();
  map.nodes[0].store = {999};
  node.learn(shared(map, 7));
  CHECK(node.replicas == all_of_them);
  SUBCASE("and stops them when the map knows another in its place, and keeps the data") {
    map.nodes[0].store = {5};
    node.learn(shared(map, 8));
    CHECK(node.replicas.empty());
    CHECK(node.dropped.empty());
  }
}

TEST_CASE("a peer that lost its data is let in again after a while (P19)") {
  node_under_test node;
  as_member(node);
  node.hear(peer_up{{2}, {102}});
  node.hear(peer_up{{3}, {777}});
  REQUIRE(node.machine.next_wake());
  node.pass(4'999);
  CHECK(node.asked.empty());
  node.pass(1);
  REQUIRE(node.asked.size() == 1);
  CHECK(std::get<add_node>(node.asked[0].what)
        == add_node{{3}, {777}, "address-3", ""});
  SUBCASE("it is asked for again until the map has it") {
    node.pass(5'000);
    CHECK(node.asked.size() == 2);
    auto map = born();
    map.nodes[2].store = {777};
    node.learn(shared(map, 6));
    CHECK_FALSE(node.machine.next_wake());
  }
  SUBCASE("not while it can't be reached") {
    node.hear(peer_down{{3}});
    CHECK_FALSE(node.machine.next_wake());
  }
}

TEST_CASE("a leader's report goes to the root until the map has it (I6)") {
  node_under_test node;
  as_member(node);
  const report_members told{{1}, {9}, {{1}, {2}, {4}}};
  node.hear(members_known{told});
  REQUIRE(node.asked.size() == 1);
  CHECK(std::get<report_members>(node.asked[0].what) == told);
  node.hear(members_known{{{1}, {4}, {{1}}}}); // of an older leader: too late
  CHECK(node.asked.size() == 1);
  node.pass(1'000);
  CHECK(node.asked.size() == 2);
  auto map = born();
  map.partitions[1].members = told.voters;
  map.partitions[1].members_index = told.index;
  node.learn(shared(map, 6));
  CHECK_FALSE(node.machine.next_wake());
  node.hear(members_known{told});
  CHECK(node.asked.size() == 2);
}

TEST_CASE("that a leader knows who is wanted no more is told until the map has it (I6)") {
  node_under_test node;
  as_member(node);
  auto map = born();
  map.partitions[1].members_index = {9};
  map.partitions[1].departures = {{{4}, {6}}};
  node.learn(shared(map, 6));
  const report_members told{{1}, {9}, map.partitions[1].members, {6}};
  node.hear(members_known{told});
  REQUIRE(node.asked.size() == 1);
  node.pass(1'000);
  CHECK(node.asked.size() == 2);
  map.partitions[1].departures.clear();
  node.learn(shared(map, 7));
  CHECK_FALSE(node.machine.next_wake());
}
