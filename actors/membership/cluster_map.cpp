#include "actors/membership/cluster_map.hpp"

#include <algorithm>
#include <tuple>

namespace present {

namespace {

template <class Row, class Id>
const Row* find_row(const std::vector<Row>& rows, Id Row::*member, Id wanted) {
  const auto found = std::lower_bound(
    rows.begin(), rows.end(), wanted,
    [member](const Row& row, Id id) { return row.*member < id; });
  return found != rows.end() && (*found).*member == wanted ? &*found : nullptr;
}

} // namespace

const cluster_map::range* cluster_map::range_of(space_id space,
                                                std::string_view key) const {
  const auto after = std::upper_bound(
    ranges.begin(), ranges.end(), std::tuple{space, key},
    [](const auto& wanted, const range& r) {
      return wanted < std::tuple{r.space, std::string_view{r.first}};
    });
  if (after == ranges.begin())
    return nullptr;
  const auto found = std::prev(after);
  return found->space == space ? &*found : nullptr;
}

const cluster_map::range* cluster_map::range_after(const range& of) const {
  const auto* after = &of + 1;
  return after != ranges.data() + ranges.size() && after->space == of.space ? after
                                                                            : nullptr;
}

const cluster_map::node* cluster_map::find_node(node_id id) const {
  return find_row(nodes, &node::id, id);
}

const storage::placement* cluster_map::find_partition(partition_id id) const {
  return find_row(partitions, &storage::placement::partition, id);
}

std::vector<storage::key_range> cluster_map::share_of(partition_id partition) const {
  std::vector<storage::key_range> share;
  bool joins = false; // the range before was ours, of the same space
  for (const auto& part : ranges) {
    if (part.partition != partition) {
      joins = false;
      continue;
    }
    const auto* after = range_after(part);
    const auto last = after ? after->first : std::string{};
    if (joins && share.back().space == part.space)
      share.back().last = last;
    else
      share.push_back({part.space, part.first, last});
    joins = true;
  }
  return share;
}

storage::space_settings cluster_map::settings_of(space_id space) const {
  const auto found = settings.find(space);
  return found == settings.end() ? storage::space_settings{} : found->second;
}

std::vector<storage::owned_space>
cluster_map::settings_for(const std::vector<storage::key_range>& owned) const {
  std::vector<storage::owned_space> found;
  for (const auto& range : owned)
    if (found.empty() || found.back().space != range.space)
      if (const auto set = settings.find(range.space); set != settings.end())
        found.push_back({range.space, set->second});
  return found;
}

bool has_node(const std::vector<node_id>& nodes, node_id node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

bool keeps(const storage::placement& group, node_id node) {
  return has_node(group.wanted, node) || has_node(group.members, node);
}

bool is_departing(const storage::placement& group, node_id node) {
  return std::any_of(group.departures.begin(), group.departures.end(),
                     [node](const auto& gone) { return gone.node == node; });
}

bool is_news(const storage::placement& group, log_index index, map_epoch by_map) {
  if (index != group.members_index)
    return index > group.members_index;
  return std::any_of(group.departures.begin(), group.departures.end(),
                     [by_map](const auto& gone) { return gone.since <= by_map; });
}

} // namespace present
