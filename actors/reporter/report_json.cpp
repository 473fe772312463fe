#include "actors/reporter/report_json.hpp"

#include <nlohmann/json.hpp>

namespace present {

using json = nlohmann::ordered_json;

json to_json(const partition_status& partition) {
  json replicas = json::array();
  for (const auto& replica : partition.replicas)
    replicas.push_back(
      {{"node", replica.node.value}, {"state", replica.state}, {"lag", replica.lag}});
  return {{"id", partition.id.value},
          {"leader", partition.leader.value},
          {"term", partition.at_term.value},
          {"commit", partition.commit.value},
          {"applied", partition.applied.value},
          {"replicas", std::move(replicas)},
          {"failures_tolerated", partition.failures_tolerated},
          {"disputed_buckets", partition.disputed_buckets}};
}

json to_json(const member_status& node) {
  return {{"id", node.id.value},         {"state", node.state},
          {"fenced", node.fenced},       {"rpc", node.rpc_address},
          {"http", node.http_address},   {"version", node.version}};
}

json to_json(const cluster_status& status) {
  json partitions = json::array();
  for (const auto& partition : status.partitions)
    partitions.push_back(to_json(partition));
  json nodes = json::array();
  for (const auto& node : status.nodes)
    nodes.push_back(to_json(node));
  return {{"available", status.available},
          {"quorum", status.quorum},
          {"partitions", std::move(partitions)},
          {"nodes", std::move(nodes)}};
}

json to_json(const supervision::description& actor) {
  json children = json::array();
  for (const auto& child : actor.children)
    children.push_back(to_json(child));
  json object{{"id", actor.id},
              {"kind", actor.kind},
              {"node", actor.node.value},
              {"state", actor.state},
              {"since", actor.since_ms},
              {"mailbox", actor.mailbox},
              {"handled", actor.handled},
              {"restarts", actor.restarts},
              {"last_error", actor.last_error}};
  for (const auto& [name, value] : actor.more)
    object["more"][name] = value;
  object["children"] = std::move(children);
  return object;
}

nlohmann::ordered_json to_json(const observe::trace_context& trace,
                               const std::vector<observe::span>& spans) {
  auto rows = nlohmann::ordered_json::array();
  for (const auto& one : spans) {
    auto attributes = nlohmann::ordered_json::object();
    for (const auto& [name, value] : one.attributes)
      attributes[name] = value;
    rows.push_back({{"span", observe::span_id_text(one.self.span)},
                    {"parent", one.parent ? observe::span_id_text(one.parent) : ""},
                    {"name", one.name},
                    {"node", one.node.value},
                    {"start_ms", one.start_ms},
                    {"duration_us", one.duration_us},
                    {"outcome", traits_of(one.outcome).name},
                    {"attributes", std::move(attributes)}});
  }
  return {{"trace_id", observe::trace_id_text(trace)}, {"spans", std::move(rows)}};
}

} // namespace present
