#include "actors/reporter/report_codec.hpp"

#include "actors/membership/map_codec.hpp"

#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"

namespace present {

namespace {

using schema::string_of;

} // namespace

void encode_member(const member_status& from, schema::Member::Builder to) {
  to.setNode(from.id.value);
  to.setStore(from.store.value);
  to.setState(from.state.c_str());
  to.setFenced(from.fenced);
  to.setRpcAddress(from.rpc_address.c_str());
  to.setHttpAddress(from.http_address.c_str());
  to.setVersion(from.version.c_str());
}

member_status decode_member(schema::Member::Reader from) {
  member_status member;
  member.id = {from.getNode()};
  member.store = {from.getStore()};
  member.state = string_of(from.getState());
  member.fenced = from.getFenced();
  member.rpc_address = string_of(from.getRpcAddress());
  member.http_address = string_of(from.getHttpAddress());
  member.version = string_of(from.getVersion());
  return member;
}

namespace {

void encode_partition(const partition_status& from, schema::PartitionStatus::Builder to) {
  to.setId(from.id.value);
  to.setSelf(from.self.value);
  to.setLeader(from.leader.value);
  to.setTerm(from.at_term.value);
  to.setCommit(from.commit.value);
  to.setApplied(from.applied.value);
  to.setHasQuorum(from.has_quorum);
  to.setFailuresTolerated(from.failures_tolerated);
  to.setDisputedBuckets(from.disputed_buckets);
  auto replicas = to.initReplicas(static_cast<unsigned>(from.replicas.size()));
  for (unsigned place = 0; place < from.replicas.size(); ++place) {
    replicas[place].setNode(from.replicas[place].node.value);
    replicas[place].setState(from.replicas[place].state.c_str());
    replicas[place].setLag(from.replicas[place].lag);
  }
}

partition_status decode_partition(schema::PartitionStatus::Reader from) {
  partition_status row;
  row.id = {from.getId()};
  row.self = {from.getSelf()};
  row.leader = {from.getLeader()};
  row.at_term = {from.getTerm()};
  row.commit = {from.getCommit()};
  row.applied = {from.getApplied()};
  row.has_quorum = from.getHasQuorum();
  row.failures_tolerated = from.getFailuresTolerated();
  row.disputed_buckets = from.getDisputedBuckets();
  for (const auto replica : schema::honest(from.getReplicas()))
    row.replicas.push_back(
      {{replica.getNode()}, string_of(replica.getState()), replica.getLag()});
  return row;
}

} // namespace

void encode_description(const supervision::description& from, schema::Actor::Builder to) {
  to.setId(from.id.c_str());
  to.setKind(from.kind.c_str());
  to.setNode(from.node.value);
  to.setState(from.state.c_str());
  to.setSince(from.since_ms);
  to.setMailbox(from.mailbox);
  to.setHandled(from.handled);
  to.setRestarts(from.restarts);
  to.setLastError(from.last_error.c_str());
  to.setHandlingMicros(from.handling_us);
  auto more = to.initMore(static_cast<unsigned>(from.more.size()));
  for (unsigned place = 0; place < from.more.size(); ++place) {
    more[place].setName(from.more[place].first.c_str());
    more[place].setValue(from.more[place].second.c_str());
  }
  auto children = to.initChildren(static_cast<unsigned>(from.children.size()));
  for (unsigned place = 0; place < from.children.size(); ++place)
    encode_description(from.children[place], children[place]);
}

supervision::description decode_description(schema::Actor::Reader from) {
  supervision::description actor;
  actor.id = string_of(from.getId());
  actor.kind = string_of(from.getKind());
  actor.node = {from.getNode()};
  actor.state = string_of(from.getState());
  actor.since_ms = from.getSince();
  actor.mailbox = from.getMailbox();
  actor.handled = from.getHandled();
  actor.restarts = from.getRestarts();
  actor.last_error = string_of(from.getLastError());
  actor.handling_us = from.getHandlingMicros();
  for (const auto detail : schema::honest(from.getMore()))
    actor.more.emplace_back(string_of(detail.getName()), string_of(detail.getValue()));
  for (const auto child : schema::honest(from.getChildren()))
    actor.children.push_back(decode_description(child));
  return actor;
}

void encode_report(const node_report& from, schema::NodeReport::Builder to) {
  encode_member(from.self, to.initSelf());
  auto rows = to.initPartitions(static_cast<unsigned>(from.partitions.size()));
  for (unsigned place = 0; place < from.partitions.size(); ++place)
    encode_partition(from.partitions[place], rows[place]);
  encode_description(from.tree, to.initTree());
  encode_map(from.map, to.initMap());
}

result<node_report> decode_report(schema::NodeReport::Reader from) {
  auto map = decode_map(from.getMap());
  if (!map)
    return map.problem();
  node_report report;
  report.map = std::move(*map);
  report.self = decode_member(from.getSelf());
  for (const auto row : schema::honest(from.getPartitions()))
    report.partitions.push_back(decode_partition(row));
  report.tree = decode_description(from.getTree());
  return report;
}

void encode_cluster_status(const cluster_status& from, schema::ClusterStatus::Builder to) {
  to.setAvailable(from.available);
  to.setQuorum(from.quorum);
  to.setMapEpoch(from.epoch.value);
  auto rows = to.initPartitions(static_cast<unsigned>(from.partitions.size()));
  for (unsigned place = 0; place < from.partitions.size(); ++place)
    encode_partition(from.partitions[place], rows[place]);
  auto nodes = to.initNodes(static_cast<unsigned>(from.nodes.size()));
  for (unsigned place = 0; place < from.nodes.size(); ++place)
    encode_member(from.nodes[place], nodes[place]);
}

cluster_status decode_cluster_status(schema::ClusterStatus::Reader from) {
  cluster_status seen;
  seen.available = from.getAvailable();
  seen.quorum = from.getQuorum();
  seen.epoch = {from.getMapEpoch()};
  for (const auto row : schema::honest(from.getPartitions()))
    seen.partitions.push_back(decode_partition(row));
  for (const auto node : schema::honest(from.getNodes()))
    seen.nodes.push_back(decode_member(node));
  return seen;
}

void encode_spans(const std::vector<observe::span>& from,
                  capnp::List<schema::Span>::Builder to) {
  for (unsigned place = 0; place < from.size(); ++place) {
    const auto& one = from[place];
    auto as = to[place];
    as.setSpan(one.self.span);
    as.setParent(one.parent);
    as.setName(one.name.c_str());
    as.setNode(one.node.value);
    as.setStartMs(one.start_ms);
    as.setBeganNs(one.began_ns);
    as.setDurationUs(one.duration_us);
    as.setOutcome(static_cast<schema::ErrorCode>(one.outcome));
    auto attributes = as.initAttributes(static_cast<unsigned>(one.attributes.size()));
    for (unsigned i = 0; i < one.attributes.size(); ++i) {
      attributes[i].setName(one.attributes[i].first.c_str());
      attributes[i].setValue(one.attributes[i].second.c_str());
    }
  }
}

std::vector<observe::span> decode_spans(const observe::trace_context& trace,
                                        capnp::List<schema::Span>::Reader from) {
  std::vector<observe::span> spans;
  for (const auto one : from) {
    auto& span = spans.emplace_back();
    span.self = {trace.trace_high, trace.trace_low, one.getSpan(), true};
    span.parent = one.getParent();
    span.name = string_of(one.getName());
    span.node = {one.getNode()};
    span.start_ms = one.getStartMs();
    span.began_ns = one.getBeganNs();
    span.duration_us = one.getDurationUs();
    const auto code = static_cast<error_code>(one.getOutcome());
    span.outcome = code > error_code::invalid ? error_code::unknown_outcome : code;
    for (const auto attribute : one.getAttributes())
      span.attributes.emplace_back(string_of(attribute.getName()),
                                   string_of(attribute.getValue()));
  }
  return spans;
}

} // namespace present
