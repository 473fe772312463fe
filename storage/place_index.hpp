#pragma once

#include "storage/state_backend.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

/// Finds the places of a table by the hash of their keys: slots in one piece, at most
/// half of them taken, the next free one if one's own is. A key that is looked for costs
/// about three lines of memory instead of two for each level of a tree. std only.
///
///     hash ──▶ slot {hash, place} ──▶ the table's {key, record}
///
/// X1  Each place that was added is found until `clear`, wherever its table goes meanwhile.
namespace present::storage {

class place_index {
public:
  using place = record_table::value_type;

  /// Null: it was never added.
  place* find(std::string_view key) const;
  /// Its key isn't there yet.
  void add(place& what);
  void clear();

  /// Asks for the memory of all that is about to be looked for, while nobody waits for
  /// any of it. Changes nothing.
  void fetch(std::span<const record_key> keys) const;

private:
  struct slot {
    std::uint64_t hash = 0;
    place* at = nullptr; ///< null: free
  };

  std::size_t slot_of(std::uint64_t hash, std::string_view key) const;
  void grow();

  std::vector<slot> slots_; ///< none, or a power of two
  std::size_t taken_ = 0;
};

} // namespace present::storage
