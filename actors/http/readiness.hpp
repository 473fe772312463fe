#pragma once

#include "actors/reporter/node_report.hpp"

#include <string>

namespace present::http {

/// Why the node of this report can't serve now, for people; empty if it can: each
/// of its replicas knows a leader and is part of a quorum. Pure.
std::string why_not_ready(const node_report& report);

} // namespace present::http
