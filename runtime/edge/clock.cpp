#include "runtime/edge/clock.hpp"

#include <algorithm>
#include <ctime>

namespace present::edge {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

/// How often the machine's wall clock is looked at; between two looks the
/// monotonic clock alone carries wall time on.
constexpr std::uint64_t sample_every_ns = 10 * ns_per_ms;

std::uint64_t read_ns(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000
         + static_cast<std::uint64_t>(now.tv_nsec);
}

} // namespace

std::uint64_t slewed_time::sample(std::uint64_t mono_ns,
                                  std::uint64_t machine_ns) {
  if (!started_) {
    started_ = true;
    mono_ns_ = mono_ns;
    wall_ns_ = machine_ns;
    return wall_ns_;
  }
  wall_ns_ = at(mono_ns);
  mono_ns_ = std::max(mono_ns_, mono_ns);
  offset_ns_ = static_cast<std::int64_t>(machine_ns - wall_ns_);
  return wall_ns_;
}

std::uint64_t slewed_time::at(std::uint64_t mono_ns) const {
  if (mono_ns <= mono_ns_)
    return wall_ns_;
  const auto elapsed = mono_ns - mono_ns_;
  const auto most = static_cast<std::int64_t>(elapsed / correction_divisor);
  const auto correction = std::clamp(offset_ns_, -most, most);
  return wall_ns_ + elapsed + static_cast<std::uint64_t>(correction);
}

std::uint64_t system_clock::monotonic_ns() const {
  return read_ns(CLOCK_MONOTONIC);
}

std::uint64_t system_clock::wall_ms() const {
  // Counts suspended time too, else a machine that slept would lag for ten times
  // its sleep.
  const auto mono = read_ns(CLOCK_BOOTTIME);
  const std::lock_guard hold(mutex_);
  if (mono - wall_.sampled_mono_ns() < sample_every_ns)
    return wall_.at(mono) / ns_per_ms;
  return wall_.sample(mono, read_ns(CLOCK_REALTIME)) / ns_per_ms;
}

std::int64_t system_clock::wall_offset_ms() const {
  const std::lock_guard hold(mutex_);
  return wall_.offset_ms();
}

clock& machine_clock() {
  static system_clock instance;
  return instance;
}

std::uint64_t manual_clock::monotonic_ns() const {
  const std::lock_guard hold(mutex_);
  return monotonic_ns_;
}

std::uint64_t manual_clock::wall_ms() const {
  const std::lock_guard hold(mutex_);
  return wall_ms_;
}

void manual_clock::advance_ms(std::uint64_t ms) {
  const std::lock_guard hold(mutex_);
  monotonic_ns_ += ms * ns_per_ms;
  wall_ms_ += ms;
}

void manual_clock::set_wall_ms(std::uint64_t ms) {
  const std::lock_guard hold(mutex_);
  wall_ms_ = ms;
}

} // namespace present::edge
