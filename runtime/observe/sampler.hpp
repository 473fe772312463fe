#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>

namespace present::observe {

/// Which new traces are recorded: about `target_per_second` of them, whatever the
/// load (O1). Pure.
///
/// The share for the next second is that which would have met the target in the
/// last. Within a second no more than twice the target is taken, so a burst after
/// a quiet second costs no more than that.
///
/// I1  In any second of its counting, at most twice the target is taken.
/// I2  The choice follows the trace's id, not chance: two that see the same load
///     choose the same traces.
///
/// Not thread-safe.
class sampler {
public:
  explicit sampler(std::uint32_t target_per_second = 20)
      : target_(target_per_second) {}

  bool takes(std::uint64_t trace_low, time_ms now);

  /// Of those that come now, the share that is taken: a metric.
  double share() const;

private:
  void begin_second(time_ms now);

  std::uint32_t target_;
  time_ms second_began_ = 0;
  std::uint64_t seen_ = 0;  ///< in this second
  std::uint64_t taken_ = 0; ///< in this second
  /// Ids up to this are taken.
  std::uint64_t threshold_ = UINT64_MAX;
};

} // namespace present::observe
