#include "tools/present/cluster_views.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace present::tools {

namespace {

/// "1 leader, 2 follower, 3 follower +12": node, state, entries behind.
std::string replicas_text(const partition_status& partition) {
  std::string text;
  for (const auto& replica : partition.replicas) {
    text += (text.empty() ? "" : ", ") + std::to_string(replica.node.value) + ' '
            + replica.state;
    if (replica.lag != 0)
      text += " +" + std::to_string(replica.lag);
  }
  return text;
}

/// Ids are unique within a node: where another one's tree begins, it is named.
void append_tree(const supervision::description& actor, const std::string& indent,
                 node_id above, std::string& text) {
  text += indent;
  if (actor.node != above)
    text += "node " + std::to_string(actor.node.value) + ": ";
  text += actor.id + "  " + actor.state;
  if (!actor.kind.empty())
    text += "  " + actor.kind;
  text += "  handled " + std::to_string(actor.handled);
  if (actor.mailbox != 0)
    text += "  waiting " + std::to_string(actor.mailbox);
  if (actor.restarts != 0)
    text += "  restarts " + std::to_string(actor.restarts);
  for (const auto& [name, value] : actor.more)
    text += "  " + name + ' ' + value;
  if (!actor.last_error.empty())
    text += "  last error: " + actor.last_error;
  text += '\n';
  for (const auto& child : actor.children)
    append_tree(child, indent + "  ", actor.node, text);
}

void append_span(const std::vector<observe::span>& spans, const observe::span& one,
                 const std::string& indent, std::string& text) {
  text += indent + "node " + std::to_string(one.node.value) + "  " + one.name + "  "
          + std::to_string(one.duration_us) + " us";
  if (one.outcome != error_code::ok)
    text += "  " + std::string{traits_of(one.outcome).name};
  for (const auto& [name, value] : one.attributes)
    text += "  " + name + ' ' + value;
  text += '\n';
  for (const auto& other : spans)
    if (other.parent == one.self.span && &other != &one)
      append_span(spans, other, indent + "  ", text);
}

} // namespace

std::string to_text(const cluster_status& status) {
  if (status.epoch.value == 0)
    return "the node waits: it has not heard of a cluster. Found one with `present cluster "
           "init`, or let it into one with `present cluster join`\n";
  std::vector<json> partitions;
  for (const auto& partition : status.partitions) {
    auto row = to_json(partition);
    row["partition"] = row["id"];
    row["replicas"] = replicas_text(partition);
    row["tolerates"] = row["failures_tolerated"];
    partitions.push_back(std::move(row));
  }
  std::string trouble;
  for (const auto& partition : status.partitions)
    if (partition.disputed_buckets != 0)
      trouble += "\nNEEDS GOVERNANCE: the replicas of partition "
                 + std::to_string(partition.id.value) + " disagree on "
                 + std::to_string(partition.disputed_buckets)
                 + " of 256 buckets of keys, and none of them has a majority\n";
  std::vector<json> nodes;
  for (const auto& node : status.nodes) {
    auto row = to_json(node);
    row["node"] = row["id"];
    row["fenced"] = node.fenced ? "yes" : "no";
    nodes.push_back(std::move(row));
  }
  return std::string{status.available ? "available" : "NOT AVAILABLE"}
         + (status.quorum ? ", with a quorum\n\n" : ", WITHOUT A QUORUM\n\n")
         + render_table({"node", "state", "fenced", "rpc", "version"}, nodes) + '\n'
         + render_table({"partition", "leader", "term", "commit", "applied", "tolerates",
                         "replicas"},
                        partitions)
         + trouble;
}

std::string to_text(const supervision::description& root) {
  std::string text;
  append_tree(root, "", {}, text);
  return text;
}

/// Whose parent nobody remembers, such as a caller's own, stands at the left.
std::string to_text(const std::vector<observe::span>& spans) {
  std::string text;
  for (const auto& one : spans)
    if (std::none_of(spans.begin(), spans.end(), [&](const observe::span& other) {
          return other.self.span == one.parent;
        }))
      append_span(spans, one, "", text);
  return text;
}

} // namespace present::tools
