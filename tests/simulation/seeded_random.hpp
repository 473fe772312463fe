#pragma once

#include "runtime/base/splitmix64.hpp"

#include <cstdint>

namespace present::simulation {

/// The only source of chance in a run. The same on every platform, which the
/// standard's distributions are not.
class seeded_random {
public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return splitmix64(state_); }

  /// Uniform in [0, limit); 0 for an empty range.
  std::uint64_t below(std::uint64_t limit) { return limit ? next() % limit : 0; }
  /// Uniform in [low, high).
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high > low ? high - low : 0);
  }
  bool chance(std::uint64_t per_mille) { return below(1000) < per_mille; }

private:
  std::uint64_t state_;
};

/// Folds `value` into a hash of everything that happened (FNV-1a over words).
inline void fold(std::uint64_t& hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x100000001b3ULL;
  hash ^= hash >> 29;
}

} // namespace present::simulation
