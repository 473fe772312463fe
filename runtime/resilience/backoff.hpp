#pragma once

#include <cstdint>

/// What callers do about failure: wait, stop asking. Pure; time and randomness
/// come in with each call.
namespace present::resilience {

/// Exponential waits with full jitter (Brooker, "Exponential Backoff And
/// Jitter", 2015): the n-th wait is uniform in [0, min(cap, base * 2^n)], so
/// that callers who failed together don't come back together.
///
/// Not thread-safe.
class backoff {
public:
  struct settings {
    std::uint32_t base_ms = 10;
    std::uint32_t cap_ms = 1000;
  };

  explicit backoff(std::uint64_t seed) : backoff(seed, settings{}) {}
  backoff(std::uint64_t seed, settings chosen) : chosen_(chosen), state_(seed) {}

  /// How long to wait before the next try; each call waits longer on average.
  std::uint32_t next_ms();

  /// The upper end of what `next_ms` will draw from.
  std::uint32_t ceiling_ms() const;

  /// After a success: the next failure starts from `base_ms` again.
  void reset() { attempts_ = 0; }

  std::uint32_t attempts() const { return attempts_; }

private:
  settings chosen_;
  std::uint64_t state_;
  std::uint32_t attempts_ = 0;
};

} // namespace present::resilience
