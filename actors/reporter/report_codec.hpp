#pragma once

#include "actors/reporter/node_report.hpp"
#include "runtime/base/error.hpp"
#include "runtime/observe/span.hpp"

#include "schemas/admin.capnp.h"
#include "schemas/peer.capnp.h"

/// Reports between their plain structs and schemas/admin.capnp.
namespace present {

void encode_report(const node_report& from, schema::NodeReport::Builder to);
result<node_report> decode_report(schema::NodeReport::Reader from);

void encode_member(const member_status& from, schema::Member::Builder to);
member_status decode_member(schema::Member::Reader from);

void encode_cluster_status(const cluster_status& from, schema::ClusterStatus::Builder to);
cluster_status decode_cluster_status(schema::ClusterStatus::Reader from);

void encode_description(const supervision::description& from, schema::Actor::Builder to);
supervision::description decode_description(schema::Actor::Reader from);

void encode_spans(const std::vector<observe::span>& from,
                  capnp::List<schema::Span>::Builder to);
/// Within one trace.
std::vector<observe::span> decode_spans(const observe::trace_context& trace,
                                        capnp::List<schema::Span>::Reader from);

} // namespace present
