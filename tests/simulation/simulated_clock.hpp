#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>

namespace present::simulation {

/// The two clocks of one machine: a monotonic one, which may run fast, slow or not
/// at all, and what it takes for wall time, which may be wrong besides.
class simulated_clock {
public:
  explicit simulated_clock(std::uint64_t origin_ms = 0) : passed_ns_(origin_ms * 1'000'000) {}

  std::uint64_t monotonic_ms(std::uint64_t now_us) {
    pass(now_us);
    return passed_ns_ / 1'000'000;
  }
  std::uint64_t wall_ms(std::uint64_t now_us) const {
    const auto true_us = now_us < frozen_until_us_ ? frozen_at_us_ : now_us;
    return epoch_ms + true_us / 1000 + static_cast<std::uint64_t>(wall_offset_ms_);
  }

  /// When the monotonic clock will show `wanted`, as far as is known now.
  std::uint64_t due_us(time_ms wanted, std::uint64_t now_us) {
    const auto shown = monotonic_ms(now_us);
    const auto start = std::max(now_us, frozen_until_us_);
    if (wanted <= shown)
      return now_us;
    return start + (wanted * 1'000'000 - passed_ns_ + rate_ - 1) / rate_;
  }

  /// Per mille; 0 is right.
  void drift(std::int64_t per_mille, std::uint64_t now_us) {
    pass(now_us);
    rate_ = static_cast<std::uint64_t>(1000 + per_mille);
  }
  void freeze(std::uint64_t until_us, std::uint64_t now_us) {
    pass(now_us);
    if (now_us >= frozen_until_us_)
      frozen_at_us_ = now_us;
    frozen_until_us_ = std::max(frozen_until_us_, until_us);
  }
  void set_wall(std::int64_t offset_ms) { wall_offset_ms_ = offset_ms; }
  std::int64_t wall_offset_ms() const { return wall_offset_ms_; }
  bool is_frozen(std::uint64_t now_us) const { return now_us < frozen_until_us_; }
  bool drifts() const { return rate_ != 1000; }

  /// Of all runs: some day in 2025.
  static constexpr std::uint64_t epoch_ms = 1'750'000'000'000;

private:
  void pass(std::uint64_t now_us) {
    // The part of the time that the freeze took doesn't count.
    const auto from = std::max(read_us_, std::min(now_us, frozen_until_us_));
    if (now_us > from)
      passed_ns_ += (now_us - from) * rate_;
    read_us_ = now_us;
  }

  std::uint64_t passed_ns_;
  std::uint64_t read_us_ = 0;
  std::uint64_t rate_ = 1000; ///< ns of this clock in a µs
  std::uint64_t frozen_at_us_ = 0;
  std::uint64_t frozen_until_us_ = 0;
  std::int64_t wall_offset_ms_ = 0;
};

} // namespace present::simulation
