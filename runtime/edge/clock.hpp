#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <mutex>

/// The doors to the outside: time, randomness, the log. Nothing else reads them.
namespace present::edge {

/// Wall time that follows the monotonic clock and drifts towards the machine's
/// wall clock, never by jumping (P21). Pure: both readings come in.
///
/// I1  Wall time never goes back, and between two readings it advances by
///     between 9/10 and 11/10 of what the monotonic clock advanced.
/// I2  The first reading is the machine's wall clock.
///
/// A machine whose clock is set by an hour takes ten hours to follow. That is
/// meant: until then it is the machine that is wrong as likely as its setting,
/// and `offset_ms` says so to the operator.
class slewed_time {
public:
  /// Parts of the elapsed time by which an error is corrected.
  static constexpr std::uint64_t correction_divisor = 10;

  /// Wall time in ns at monotonic `mono_ns`, when the machine's clock says
  /// `machine_ns`. Readings with an older `mono_ns` count as the latest one.
  std::uint64_t sample(std::uint64_t mono_ns, std::uint64_t machine_ns);

  /// Wall time in ns at `mono_ns` without a look at the machine's clock: the
  /// last sample's error is being corrected, and no more than that.
  std::uint64_t at(std::uint64_t mono_ns) const;

  std::uint64_t sampled_mono_ns() const { return mono_ns_; }

  /// How far the machine's clock was ahead (+) or behind (-) at the last sample.
  std::int64_t offset_ms() const { return offset_ns_ / 1'000'000; }

private:
  bool started_ = false;
  std::uint64_t mono_ns_ = 0;
  std::uint64_t wall_ns_ = 0;
  std::int64_t offset_ns_ = 0;
};

/// Thread-safe. Simulation and tests put another one in its place.
class clock {
public:
  virtual ~clock() = default;

  /// Never goes back; the origin has no meaning. Stands still while the machine
  /// is suspended, runs on while the process is stopped.
  virtual std::uint64_t monotonic_ns() const = 0;

  /// Milliseconds since the Unix epoch, for HLC stamps and for people. Never
  /// goes back and never jumps (`slewed_time`).
  virtual std::uint64_t wall_ms() const = 0;

  /// How far the machine's wall clock is ahead of `wall_ms`: a metric.
  virtual std::int64_t wall_offset_ms() const = 0;

  time_ms monotonic_ms() const { return monotonic_ns() / 1'000'000; }
};

/// The machine's clocks. One per process: see `machine_clock`.
class system_clock final : public clock {
public:
  std::uint64_t monotonic_ns() const override;
  std::uint64_t wall_ms() const override;
  std::int64_t wall_offset_ms() const override;

private:
  mutable std::mutex mutex_;
  mutable slewed_time wall_; ///< guarded by `mutex_`
};

/// The process's clock. Product code gets a `clock&` passed in and doesn't call
/// this; `main` and the defaults of settings do.
clock& machine_clock();

/// A clock that stands until it is moved: tests and simulation. Thread-safe.
class manual_clock final : public clock {
public:
  explicit manual_clock(std::uint64_t wall_ms = 1'000'000) : wall_ms_(wall_ms) {}

  std::uint64_t monotonic_ns() const override;
  std::uint64_t wall_ms() const override;
  std::int64_t wall_offset_ms() const override { return 0; }

  /// Both clocks move on.
  void advance_ms(std::uint64_t ms);
  /// The wall clock alone jumps or is frozen; skew between simulated nodes.
  void set_wall_ms(std::uint64_t ms);

private:
  mutable std::mutex mutex_;
  std::uint64_t monotonic_ns_ = 0; ///< guarded by `mutex_`
  std::uint64_t wall_ms_;          ///< guarded by `mutex_`
};

} // namespace present::edge
