#pragma once

#include "runtime/edge/clock.hpp"
#include "tests/simulation/cluster/timeline.hpp"

#include <optional>
#include <stdexcept>

namespace present::simulation::cluster {

/// Thrown where an actor reads the time: an exception in the middle of whatever
/// it is doing (fault 19).
class injected_exception : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The clocks of one machine: a monotonic one that may run fast or slow, and a wall
/// clock that somebody may set, followed by slewing as the product's does (P21).
class node_clock final : public edge::clock {
public:
  /// The machine's wall clock is ahead of the world's by `offset_ms`.
  node_clock(const timeline& time, std::uint64_t origin_ns, std::int64_t offset_ms)
      : time_(time), base_(origin_ns), read_at_(time.now()), offset_ms_(offset_ms) {}

  std::uint64_t monotonic_ns() const override;
  std::uint64_t wall_ms() const override;
  std::int64_t wall_offset_ms() const override { return wall_.offset_ms(); }

  /// Parts in a thousand by which it runs fast (+) or slow (-) from now on.
  void drift(std::int64_t per_mille);
  /// Somebody sets the machine's clock.
  void set_offset_ms(std::int64_t offset_ms) { offset_ms_ = offset_ms; }
  std::int64_t offset_ms() const { return offset_ms_; }

  /// The reading after so many more throws; never by default.
  void throw_after(std::optional<unsigned> readings) { throw_after_ = readings; }
  bool is_about_to_throw() const { return throw_after_.has_value(); }

  /// What the clocks of the world show at the beginning.
  static constexpr std::uint64_t epoch_ms = 1'800'000'000'000;

private:
  const timeline& time_;
  std::uint64_t base_;    ///< of the monotonic clock, at `read_at_`
  std::uint64_t read_at_; ///< of the world's time
  std::int64_t drift_per_mille_ = 0;
  std::int64_t offset_ms_;
  mutable edge::slewed_time wall_;
  mutable std::optional<unsigned> throw_after_;
};

} // namespace present::simulation::cluster
