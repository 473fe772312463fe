#pragma once

#include "runtime/base/error.hpp"
#include "storage/crdt/collections.hpp"
#include "storage/crdt/counters.hpp"
#include "storage/crdt/registers.hpp"

#include <string_view>
#include <variant>

/// Values that replicas change without asking each other and that come to be the same
/// everywhere, in whatever order and however often the changes arrive.
///
/// Each type has changes that return a *delta*: a small value of the same type which,
/// joined, makes the change. So what is sent, stored and joined is one thing, and a
/// delta can be joined with deltas before it is sent. `join` is commutative,
/// associative and idempotent; joining never takes away what a value has heard of.
namespace present::crdt {

/// Closed: in this order in `value_kind`.
using crdt_value = std::variant<g_counter, pn_counter, lww_register, mv_register, or_set,
                                or_map>;

enum class value_kind : std::uint8_t {
  g_counter,
  pn_counter,
  lww_register,
  mv_register,
  or_set,
  or_map,
};

inline value_kind kind_of(const crdt_value& what) {
  return static_cast<value_kind>(what.index());
}

/// "g-counter", "or-set".
std::string_view to_string(value_kind what);

/// The value without any change.
crdt_value empty_value(value_kind what);

/// `other` into `mine`. `invalid` if they are of two kinds; then `mine` is as before.
status join(crdt_value& mine, const crdt_value& other);

} // namespace present::crdt
