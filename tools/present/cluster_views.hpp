#pragma once

#include "actors/reporter/report_json.hpp"
#include "tools/present/output.hpp"

#include <string>

/// What operators see of a cluster, for people. Pure.
namespace present::tools {

std::string to_text(const cluster_status& status);

/// An indented tree, one actor a line.
std::string to_text(const supervision::description& root);

/// Each span below the one that caused it, with its time.
std::string to_text(const std::vector<observe::span>& spans);

} // namespace present::tools
