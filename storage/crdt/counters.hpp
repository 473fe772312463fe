#pragma once

#include "runtime/base/error.hpp"
#include "storage/crdt/dots.hpp"

#include <cstdint>
#include <map>

namespace present::crdt {

/// A counter that only grows. Each replica counts for itself; of two counts of one
/// replica the higher is the newer.
struct g_counter {
  std::map<replica_id, std::uint64_t> counts; ///< none of them 0

  /// What changes if `by` adds. `invalid` where the total had more than 63 bits.
  result<g_counter> add(replica_id by, std::uint64_t amount) const;

  /// As much as 64 bits hold, if replicas added that much without knowing each other.
  std::uint64_t total() const;

  void join(const g_counter& other);
  friend bool operator==(const g_counter&, const g_counter&) = default;
};

/// A counter that goes up and down: what was added, and what was taken.
struct pn_counter {
  g_counter added;
  g_counter taken;

  result<pn_counter> add(replica_id by, std::int64_t amount) const;

  /// The nearest that 64 bits hold.
  std::int64_t total() const;

  void join(const pn_counter& other);
  friend bool operator==(const pn_counter&, const pn_counter&) = default;
};

} // namespace present::crdt
