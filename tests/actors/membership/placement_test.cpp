#include "actors/membership/placement.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

using namespace present;

namespace {

using storage::node_state;

cluster_map::node node_at(std::uint32_t id) {
  return {{id}, {1}, node_state::active, "", ""};
}

std::vector<cluster_map::node> nodes(std::uint32_t count) {
  std::vector<cluster_map::node> made;
  for (std::uint32_t id = 1; id <= count; ++id)
    made.push_back(node_at(id));
  return made;
}

std::map<node_id, std::size_t> load_of(const cluster_map& map) {
  std::map<node_id, std::size_t> load;
  for (const auto& node : map.nodes)
    if (node.state == node_state::active)
      load[node.id] = 0;
  for (const auto& group : map.partitions)
    for (const auto node : group.wanted)
      ++load[node];
  return load;
}

std::size_t spread(const std::map<node_id, std::size_t>& load) {
  const auto [low, high] = std::minmax_element(
    load.begin(), load.end(),
    [](const auto& a, const auto& b) { return a.second < b.second; });
  return load.empty() ? 0 : high->second - low->second;
}

/// Wanted replicas of `after` that `before` doesn't want.
std::size_t moves(const cluster_map& before, const cluster_map& after) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < after.partitions.size(); ++i)
    for (const auto node : after.partitions[i].wanted)
      count += has_node(before.partitions[i].wanted, node) ? 0 : 1;
  return count;
}

void expect_placed(const cluster_map& map) {
  const auto load = load_of(map);
  for (const auto& group : map.partitions) {
    RC_ASSERT(group.wanted.size() == std::min(replicas_per_partition, load.size())); // W1
    const std::set<node_id> different(group.wanted.begin(), group.wanted.end());
    RC_ASSERT(different.size() == group.wanted.size());
    for (const auto node : group.wanted)
      RC_ASSERT(load.contains(node));
  }
  RC_ASSERT(spread(load) <= 1); // W2
}

} // namespace

TEST_CASE("a cluster is born with replicas and leaders spread (W1, W2, W4)") {
  const auto map = founding_map("c", nodes(3), 4);
  CHECK(map.epoch == map_epoch{1});
  REQUIRE(map.partitions.size() == 5);
  std::map<node_id, int> leads;
  for (const auto& group : map.partitions) {
    CHECK(group.members == group.wanted);
    CHECK(group.founders.size() == 3);
    ++leads[group.wanted.front()];
  }
  for (const auto& [node, count] : leads)
    CHECK(count <= 2);
  CHECK(leads.size() == 3);
}

TEST_CASE("one node is a cluster") {
  const auto map = founding_map("c", nodes(1), 1);
  CHECK(map.partitions[1].wanted == std::vector<node_id>{{1}});
}

TEST_CASE("whatever comes and goes, replicas are level and no more move than must (W1-W3)") {
  CHECK(rc::check([] {
    auto map = founding_map("c", nodes(*rc::gen::inRange<std::uint32_t>(1, 8)),
                            *rc::gen::inRange<std::uint32_t>(1, 40));
    expect_placed(map);
    const auto steps = *rc::gen::inRange(1, 8);
    for (int step = 0; step < steps; ++step) {
      const auto before = map;
      const auto at = *rc::gen::inRange<std::size_t>(0, map.nodes.size() + 1);
      if (at == map.nodes.size())
        map.nodes.push_back(node_at(static_cast<std::uint32_t>(map.nodes.size() + 1)));
      else
        map.nodes[at].state = map.nodes[at].state == node_state::active
                                ? node_state::draining
                                : node_state::active;
      place_replicas(map);
      expect_placed(map);
      // As many as the node that changed keeps, and what the levelling of all others
      // needs: at most one more each.
      const auto after = load_of(map);
      std::size_t changed = 0;
      for (const auto& node : map.nodes)
        changed = std::max(changed, after.contains(node.id) ? after.at(node.id) : 0);
      RC_ASSERT(moves(before, map) <= map.partitions.size() + map.nodes.size() + changed);
    }
  }));
}

TEST_CASE("what fits is left alone (W3)") {
  auto map = founding_map("c", nodes(5), 30);
  const auto before = map;
  place_replicas(map);
  CHECK(map == before);
}

TEST_CASE("even cuts are rising bytes") {
  CHECK(even_cuts(1) == std::vector<std::string>{""});
  CHECK(even_cuts(2) == std::vector<std::string>{"", "\x80"});
  const auto all = even_cuts(256);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK(all.size() == 256);
  CHECK(all.back() == "\xff");
}

TEST_CASE("ranges go to the partitions that have the fewest") {
  auto map = founding_map("c", nodes(3), 3);
  map.ranges = {{{1}, "", {1}}, {{1}, "m", {2}}};
  CHECK(partitions_for(map, 4) == std::vector<partition_id>{{3}, {1}, {2}, {3}});
  map.partitions.resize(1);
  map.ranges.clear();
  CHECK(partitions_for(map, 1).empty());
}
