#pragma once

#include "runtime/base/hlc.hpp"

#include <compare>
#include <cstdint>
#include <string>

/// What a space says of writes that didn't know what is there, and how a value says
/// when it was written. std only.
namespace present::storage {

/// Stored and sent as these numbers: a new one goes to the end.
enum class conflict_strategy : std::uint8_t {
  reject = 0, ///< a write whose `base` isn't current is refused
  last_writer_wins = 1,
  merge = 2,
  first_writer_wins = 3,
  escalate = 4, ///< it waits for somebody to decide
};

struct conflict_rules {
  conflict_strategy how = conflict_strategy::reject;
  /// `merge`: by which function: "union", "intersection", "crdt", or "custom:NAME", which
  /// the embedding program registers.
  std::string merging;
  std::string escalation; ///< `escalate`, and policies that name no path: to whom

  friend bool operator==(const conflict_rules&, const conflict_rules&) = default;
};

/// When a value was written, for writers who don't know of each other: a stamp, and of
/// equal stamps who wrote it.
struct authorship {
  hlc_stamp stamp;
  std::uint64_t origin = 0; ///< a region or an import; 0: clients of this partition
  friend constexpr auto operator<=>(const authorship&, const authorship&) = default;
};

} // namespace present::storage
