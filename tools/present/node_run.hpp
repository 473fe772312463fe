#pragma once

#include "tools/present/program.hpp"

#include <string>

namespace present::tools {

/// Is the node that `file` describes (node_file.hpp) until SIGTERM or SIGINT.
int run_node_file(const context& with, const std::string& file);

} // namespace present::tools
