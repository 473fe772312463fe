#pragma once

#include "actors/http/audience.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace present::http {

/// What a route does. All but the last six are answered by the cluster's keys and
/// spaces.
enum class action : std::uint8_t {
  read_value,
  write_value,
  remove_value,
  list_keys,
  run_batch,
  run_transaction,
  list_conflicts,
  decide_conflict,
  list_spaces,
  show_space,
  make_space,
  drop_space,
  watch_keys,
  read_lock,
  acquire_lock,
  keep_lock,
  release_lock,
  show_status,
  show_tree,
  show_actor,
  show_trace,
  describe_api,
};

struct api_route {
  action does;
  std::string_view method;
  std::string_view pattern; ///< of network::http_routes
  std::string_view path;    ///< as openapi.json names it
  audience needs;
};

/// Everything below /v1, and nothing that openapi.json doesn't describe (a test
/// compares them).
const std::vector<api_route>& route_table();

} // namespace present::http
