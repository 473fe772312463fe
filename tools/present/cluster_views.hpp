#pragma once

#include "actors/reporter/node_report.hpp"
#include "tools/present/output.hpp"

#include <string>

/// What operators see of a cluster. Pure. The JSON's fields are INTERFACE's.
namespace present::tools {

json to_json(const cluster_status& status);
std::string to_text(const cluster_status& status);

json to_json(const supervision::description& actor);

/// An indented tree, one actor a line.
std::string to_text(const supervision::description& root);

} // namespace present::tools
