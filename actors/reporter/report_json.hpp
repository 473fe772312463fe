#pragma once

#include "actors/reporter/node_report.hpp"
#include "runtime/observe/span.hpp"

#include <nlohmann/json_fwd.hpp>

/// Reports as the command line and HTTP give them; the fields are INTERFACE's.
namespace present {

nlohmann::ordered_json to_json(const partition_status& partition);
nlohmann::ordered_json to_json(const member_status& node);
nlohmann::ordered_json to_json(const cluster_status& status);
nlohmann::ordered_json to_json(const supervision::description& actor);
/// Of one trace: its id, and what each node remembers of it.
nlohmann::ordered_json to_json(const observe::trace_context& trace,
                               const std::vector<observe::span>& spans);

} // namespace present
