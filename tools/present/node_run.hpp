#pragma once

#include "tools/present/program.hpp"

#include <string>

namespace present::tools {

/// What the command line adds to a node's file.
struct node_run_arguments {
  std::string file;
  bool http_plain = false;
  std::string health_listen;
};

/// Is the node that the file describes (node_file.hpp) until SIGTERM or SIGINT.
int run_node_file(const context& with, const node_run_arguments& given);

} // namespace present::tools
