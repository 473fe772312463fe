#include "actors/membership/placement.hpp"

#include "runtime/base/bounds.hpp"

#include <algorithm>

namespace present {

namespace {

using storage::node_state;
using storage::placement;

/// How many of something each active node has.
using loads = std::map<node_id, std::size_t>;

loads nothing_on(const cluster_map& map) {
  loads count;
  for (const auto& node : map.nodes)
    if (node.state == node_state::active)
      count[node.id] = 0;
  return count;
}

/// The lowest number among those with the least.
template <class Eligible>
loads::iterator least(loads& count, Eligible eligible) {
  auto best = count.end();
  for (auto it = count.begin(); it != count.end(); ++it)
    if (eligible(it->first) && (best == count.end() || it->second < best->second))
      best = it;
  return best;
}

loads::iterator most(loads& count) {
  return std::max_element(count.begin(), count.end(), [](const auto& a, const auto& b) {
    return a.second < b.second;
  });
}

/// W1: who is no more active goes, who is missing comes.
void fill(cluster_map& map, loads& count) {
  const auto full = std::min(replicas_per_partition, count.size());
  for (auto& group : map.partitions) {
    std::erase_if(group.wanted, [&](node_id node) { return !count.contains(node); });
    if (group.wanted.size() > full)
      group.wanted.resize(full);
    for (const auto node : group.wanted)
      ++count[node];
  }
  for (auto& group : map.partitions)
    while (group.wanted.size() < full) {
      const auto chosen
        = least(count, [&](node_id node) { return !has_node(group.wanted, node); });
      group.wanted.push_back(chosen->first);
      ++chosen->second;
    }
}

/// Replicas that are to move already: a partition with fewer of them moves first.
std::size_t changes_of(const placement& group) {
  return static_cast<std::size_t>(
    std::count_if(group.wanted.begin(), group.wanted.end(),
                  [&](node_id node) { return !has_node(group.members, node); }));
}

/// W2. Whoever has two more than another keeps a partition that the other doesn't.
void level_replicas(cluster_map& map, loads& count) {
  for (;;) {
    const auto high = most(count);
    const auto low = least(count, [](node_id) { return true; });
    if (low == count.end() || high->second <= low->second + 1)
      return;
    placement* chosen = nullptr;
    for (auto& group : map.partitions)
      if (has_node(group.wanted, high->first) && !has_node(group.wanted, low->first)
          && (!chosen || changes_of(group) < changes_of(*chosen)))
        chosen = &group;
    std::replace(chosen->wanted.begin(), chosen->wanted.end(), high->first, low->first);
    --high->second;
    ++low->second;
  }
}

/// W4.
void level_leaders(cluster_map& map) {
  auto count = nothing_on(map);
  for (const auto& group : map.partitions)
    if (!group.wanted.empty())
      ++count[group.wanted.front()];
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& group : map.partitions) {
      if (group.wanted.empty())
        continue;
      auto& first = group.wanted.front();
      const auto other
        = least(count, [&](node_id node) { return has_node(group.wanted, node); });
      if (count[first] <= other->second + 1)
        continue;
      --count[first];
      ++other->second;
      std::swap(first, *std::find(group.wanted.begin(), group.wanted.end(), other->first));
      moved = true;
    }
  }
}

} // namespace

void place_replicas(cluster_map& map) {
  auto count = nothing_on(map);
  fill(map, count);
  level_replicas(map, count);
  level_leaders(map);
}

std::vector<partition_id> partitions_for(const cluster_map& map, std::size_t count) {
  std::map<partition_id, std::size_t> ranges;
  for (const auto& group : map.partitions)
    if (group.partition != root_partition)
      ranges[group.partition] = 0;
  for (const auto& range : map.ranges)
    ++ranges[range.partition];
  std::vector<partition_id> chosen;
  while (!ranges.empty() && chosen.size() < count) {
    const auto next
      = std::min_element(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
          return a.second < b.second;
        });
    ++next->second;
    chosen.push_back(next->first);
  }
  return chosen;
}

std::vector<std::string> even_cuts(std::size_t pieces) {
  std::vector<std::string> cuts{std::string{}};
  for (std::size_t piece = 1; piece < pieces; ++piece)
    cuts.emplace_back(1, static_cast<char>(piece * 256 / pieces));
  return cuts;
}

std::optional<error> founding_problem(const std::vector<cluster_map::node>& nodes,
                                      std::uint32_t partitions) {
  const auto invalid = [](const std::string& why) {
    return std::optional{make_error(error_code::invalid, why)};
  };
  if (nodes.empty())
    return invalid("members: none; a cluster has at least one node");
  if (partitions == 0 || partitions > bounds::max_founding_partitions)
    return invalid("partitions: " + std::to_string(partitions) + "; a cluster is founded with 1 to "
                   + std::to_string(bounds::max_founding_partitions));
  std::map<node_id, std::string> addresses;
  std::map<std::string, node_id> nodes_at;
  for (const auto& node : nodes) {
    const auto name = "node " + std::to_string(node.id.value);
    if (node.id.value == 0 || node.store.value == 0 || node.rpc_address.empty())
      return invalid("members: " + name + " without a number, a store or an address");
    if (!addresses.emplace(node.id, node.rpc_address).second)
      return invalid("members: " + name + " stands there twice, at " + addresses[node.id]
                     + " and " + node.rpc_address);
    if (!nodes_at.emplace(node.rpc_address, node.id).second)
      return invalid("members: " + node.rpc_address + " stands there twice");
  }
  return std::nullopt;
}

cluster_map founding_map(std::string cluster, std::vector<cluster_map::node> nodes,
                         std::uint32_t partitions) {
  cluster_map map;
  map.epoch = {1};
  map.cluster = std::move(cluster);
  map.nodes = std::move(nodes);
  std::sort(map.nodes.begin(), map.nodes.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  for (std::uint32_t id = 0; id <= partitions; ++id)
    map.partitions.push_back({.partition = {id}});
  place_replicas(map);
  for (auto& group : map.partitions) {
    group.members = group.wanted;
    for (const auto node : group.wanted)
      group.founders.push_back({node, map.find_node(node)->store});
  }
  return map;
}

} // namespace present
