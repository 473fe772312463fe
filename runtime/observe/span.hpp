#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/hlc.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/observe/trace_context.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace present::observe {

/// One piece of work in a trace, finished (O1). Plain data.
struct span {
  trace_context self;         ///< the trace, and this span's own id
  std::uint64_t parent = 0;   ///< the caller's span; 0: the trace begins here
  std::string name;           ///< what was done: "propose", "GET /v1/kv"
  node_id node;
  std::uint64_t start_ms = 0; ///< wall time, as stamps have it
  /// By this node's own clock: the order of its spans within a millisecond.
  std::uint64_t began_ns = 0;
  std::uint64_t duration_us = 0;
  error_code outcome = error_code::ok;
  /// Few and short (`max_span_attributes`, `max_span_text`).
  std::vector<std::pair<std::string, std::string>> attributes;
  /// The causality chain: stamps of what this work has read or waited for.
  std::vector<hlc_stamp> causes;
  /// The temporal epoch: numbers of the constitution and of the partition map in
  /// force; 0 where nobody said.
  std::uint64_t constitution = 0;
  map_epoch map;

  friend bool operator==(const span&, const span&) = default;
};

/// Of one trace, on one node, that are shown: callers choose the ids of traces, and
/// may choose the same one for ever.
inline constexpr std::size_t max_trace_spans = 1000;
inline constexpr std::size_t max_span_attributes = 16;
inline constexpr std::size_t max_span_causes = 32;
inline constexpr std::size_t max_span_text = 256;

/// The spans as the body of an OTLP/HTTP export in JSON (ExportTraceServiceRequest
/// of opentelemetry-proto 1.0): the collector's POST /v1/traces takes it.
std::string encode_otlp(const std::vector<span>& spans,
                        const std::string& service_version);

} // namespace present::observe
