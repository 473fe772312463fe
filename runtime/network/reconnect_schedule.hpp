#pragma once

#include "runtime/base/splitmix64.hpp"

#include <algorithm>
#include <cstdint>

namespace present::network {

/// When to dial again. Pure: it counts failures and draws from its seed.
///
/// The wait before try n is uniform in [0, min(longest, first * 2^(n-1))], "full
/// jitter" (Brooker, "Exponential Backoff and Jitter", 2015), so that a node that
/// comes back isn't met by all its peers at once.
class reconnect_schedule {
public:
  struct limits {
    std::uint32_t first_ms = 20;
    std::uint32_t longest_ms = 1000;
    /// A connection that lived this long was a good one: the count starts over.
    std::uint32_t good_after_ms = 1000;
  };

  reconnect_schedule(limits bounds, std::uint64_t seed)
      : bounds_(bounds), state_(seed) {}

  /// The wait before the next try, after one that lived for `lived_ms` (0: it
  /// never stood).
  std::uint32_t on_lost(std::uint64_t lived_ms) {
    if (lived_ms >= bounds_.good_after_ms)
      failures_ = 0;
    failures_ = std::min(failures_ + 1, 32u);
    const auto ceiling = std::min<std::uint64_t>(
      bounds_.longest_ms, std::uint64_t{bounds_.first_ms} << (failures_ - 1));
    return static_cast<std::uint32_t>(splitmix64(state_) % (ceiling + 1));
  }

private:
  limits bounds_;
  std::uint64_t state_;
  unsigned failures_ = 0;
};

} // namespace present::network
