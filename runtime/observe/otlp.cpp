#include "runtime/observe/span.hpp"

#include <nlohmann/json.hpp>

#include <map>

namespace present::observe {

namespace {

using nlohmann::json;

constexpr int kind_internal = 1; // SPAN_KIND_INTERNAL
constexpr int status_ok = 1;
constexpr int status_error = 2;

json attribute(const std::string& key, const std::string& value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

std::string hex(std::uint64_t value) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t at = 16; at-- > 0; value >>= 4)
    text[at] = digits[value & 0xf];
  return text;
}

/// OTLP's 64-bit integers are strings in JSON, as in all of protobuf's.
json encode_span(const span& from) {
  const auto start_ns = from.start_ms * 1'000'000;
  json to = {
    {"traceId", hex(from.self.trace_high) + hex(from.self.trace_low)},
    {"spanId", hex(from.self.span)},
    {"name", from.name},
    {"kind", kind_internal},
    {"startTimeUnixNano", std::to_string(start_ns)},
    {"endTimeUnixNano", std::to_string(start_ns + from.duration_us * 1000)},
  };
  if (from.parent != 0)
    to["parentSpanId"] = hex(from.parent);
  auto attributes = json::array();
  for (const auto& [key, value] : from.attributes)
    attributes.push_back(attribute(key, value));
  attributes.push_back(attribute("present.epoch.constitution",
                                 std::to_string(from.constitution)));
  attributes.push_back(
    attribute("present.epoch.map", std::to_string(from.map.value)));
  if (!from.causes.empty()) {
    std::string chain;
    for (const auto cause : from.causes)
      chain += (chain.empty() ? "" : ",") + to_string(cause);
    attributes.push_back(attribute("present.causes", chain));
  }
  to["attributes"] = std::move(attributes);
  if (from.outcome == error_code::ok)
    to["status"] = {{"code", status_ok}};
  else
    to["status"] = {{"code", status_error},
                    {"message", traits_of(from.outcome).name}};
  return to;
}

} // namespace

std::string encode_otlp(const std::vector<span>& spans,
                        const std::string& service_version) {
  std::map<node_id, json> by_node;
  for (const auto& one : spans) {
    auto& rows = by_node[one.node];
    if (rows.is_null())
      rows = json::array();
    rows.push_back(encode_span(one));
  }
  auto resources = json::array();
  for (auto& [node, rows] : by_node)
    resources.push_back(
      {{"resource",
        {{"attributes",
          {attribute("service.name", "present"),
           attribute("service.version", service_version),
           attribute("service.instance.id", std::to_string(node.value))}}}},
       {"scopeSpans",
        {{{"scope", {{"name", "present"}}}, {"spans", std::move(rows)}}}}});
  // Attributes may hold a user's bytes: what is no UTF-8 is replaced.
  return json{{"resourceSpans", std::move(resources)}}.dump(
    -1, ' ', false, json::error_handler_t::replace);
}

} // namespace present::observe
