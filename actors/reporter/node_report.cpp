#include "actors/reporter/node_report.hpp"

#include <algorithm>
#include <map>

namespace present {

namespace {

bool leads(const partition_status& row) {
  return row.self.value != 0 && row.leader == row.self && row.has_quorum;
}

/// A leader's row says more than a follower's, a newer term more than an older.
bool says_more(const partition_status& a, const partition_status& b) {
  return std::pair{leads(a), a.at_term} > std::pair{leads(b), b.at_term};
}

const cluster_map& newest_map(const std::vector<node_report>& reports) {
  static const cluster_map none;
  const cluster_map* newest = &none;
  for (const auto& report : reports)
    if (report.map.epoch > newest->epoch)
      newest = &report.map;
  return *newest;
}

std::map<partition_id, partition_status> best_rows(const std::vector<node_report>& reports) {
  std::map<partition_id, partition_status> rows;
  for (const auto& report : reports)
    for (const auto& row : report.partitions) {
      const auto [known, fresh] = rows.emplace(row.id, row);
      if (!fresh && says_more(row, known->second))
        known->second = row;
    }
  return rows;
}

member_status member_of(const cluster_map::node& node, const std::vector<node_report>& reports) {
  member_status member{node.id, node.store, "down", false, node.rpc_address,
                       node.http_address, ""};
  const auto report = std::find_if(reports.begin(), reports.end(), [&](const auto& r) {
    return r.self.id == node.id;
  });
  if (report != reports.end()) {
    member.state = report->self.state;
    member.fenced = report->self.fenced;
    member.version = report->self.version;
  }
  if (node.state == storage::node_state::left)
    member.state = "left";
  else if (node.state == storage::node_state::draining && member.state == "up")
    member.state = "draining";
  return member;
}

} // namespace

cluster_status merge_reports(const std::vector<node_report>& reports) {
  const auto& map = newest_map(reports);
  auto rows = best_rows(reports);
  cluster_status seen;
  seen.epoch = map.epoch;
  seen.available = !map.partitions.empty();
  for (const auto& group : map.partitions) {
    auto& row = rows[group.partition];
    row.id = group.partition;
    if (!leads(row)) {
      seen.available = false;
      row.failures_tolerated = 0;
    }
    seen.partitions.push_back(std::move(row));
  }
  std::size_t there = 0;
  std::size_t all = 0;
  for (const auto& node : map.nodes) {
    seen.nodes.push_back(member_of(node, reports));
    if (node.state == storage::node_state::left)
      continue;
    ++all;
    there += seen.nodes.back().state == "down" ? 0 : 1;
  }
  seen.quorum = all > 0 && there > all / 2;
  return seen;
}

supervision::description merge_trees(const std::vector<node_report>& reports) {
  const auto seen = merge_reports(reports);
  supervision::description root;
  root.id = "cluster";
  root.kind = "cluster";
  root.state = seen.available ? "running" : "unavailable";
  std::map<node_id, const supervision::description*> trees;
  for (const auto& report : reports)
    trees.emplace(report.self.id, &report.tree);
  for (const auto& member : seen.nodes)
    if (member.state != "left")
      trees.emplace(member.id, nullptr);
  for (const auto& [node, tree] : trees) {
    supervision::description silent;
    silent.id = "node";
    silent.kind = "node";
    silent.node = node;
    silent.state = "down";
    silent.last_error = "the node can't be reached";
    root.children.push_back(tree ? *tree : std::move(silent));
  }
  return root;
}

const supervision::description* find_actor(const supervision::description& tree,
                                           std::string_view id) {
  if (tree.id == id)
    return &tree;
  for (const auto& child : tree.children)
    if (const auto* found = find_actor(child, id))
      return found;
  return nullptr;
}

} // namespace present
