#pragma once

#include "runtime/base/hlc.hpp"
#include "storage/crdt/dots.hpp"

#include <optional>
#include <string>
#include <vector>

namespace present::crdt {

/// A value of which the last writer decides; who is last by stamp, of equal stamps by
/// replica. What the others wrote is lost.
struct lww_register {
  hlc_stamp at; ///< 0: never written
  replica_id by;
  std::optional<std::string> value; ///< empty: deleted, or never written

  /// What changes if `by` writes; the stamp is above all that it has seen.
  static lww_register write(hlc_stamp at, replica_id by, std::optional<std::string> value) {
    return {at, by, std::move(value)};
  }

  void join(const lww_register& other);
  friend bool operator==(const lww_register&, const lww_register&) = default;
};

/// A value that keeps what writers wrote who didn't know of each other, until somebody
/// who has seen all of it writes.
struct mv_register {
  dot_values writes; ///< all of them in `context`
  causal_context context;

  mv_register write(replica_id by, std::string value) const;
  mv_register clear() const;

  /// Rising, each once.
  std::vector<std::string> values() const;

  void join(const mv_register& other);
  friend bool operator==(const mv_register&, const mv_register&) = default;
};

} // namespace present::crdt
