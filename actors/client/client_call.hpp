#pragma once

#include "actors/partition/operation.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

/// What a user asks, and what becomes of it. Keys by the name of their space; the
/// machine puts in the numbers of the map it has.
namespace present::client {

using call_id = std::uint64_t;

struct get_call {
  std::string space;
  std::string key;
};
/// Over several ranges the page is no snapshot (P23).
struct scan_call {
  std::string space;
  std::string first;
  std::string last; ///< empty: the end of the space
  std::uint32_t limit = 0;
  bool keys_only = false;
};
struct put_call {
  std::string space;
  std::string key;
  bytes_ptr value;
  condition when;
};
struct remove_call {
  std::string space;
  std::string key;
  condition when;
};
/// The last four are the root's and take an admin's or a node's certificate.
using call_kind
  = std::variant<get_call, scan_call, put_call, remove_call, create_space, drop_space,
                 add_node, drain_node, remove_node, report_members>;

/// How a call ended. `problem.code` ok: `given` counts.
struct outcome_of_call {
  answer given;
  error problem;
  std::uint32_t attempts = 0;
};

bool is_write(const call_kind& what);

/// The name of the call's space; null for what the root keeps.
const std::string* space_of(const call_kind& what);

/// The key that decides the partition.
std::string_view routing_key(const call_kind& what);

/// The call as a partition takes it.
decltype(operation::what) as_operation_in(space_id space, const call_kind& what);

/// The state machine has decided with this answer: it is the same for every try
/// of the operation, since it was remembered, or follows from the operation alone.
/// Not so what a node refuses at its door, nor what found no room to be remembered.
bool is_verdict(const answer& given);

} // namespace present::client
