#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>

namespace present::resilience {

/// Stops calls to something that keeps failing, and lets one through now and
/// then to see whether it is back (Nygard, "Release It!", 2007). Pure.
///
///             failures in a row
///     closed ──────────────────▶ open ◀─────────┐
///        ▲                        │ pause_ms    │ the trial failed
///        │ the trial succeeded    ▼             │
///        └──────────────────── half_open ───────┘
///
/// I1  While open, and while the trial of half_open is out, `allows` is false.
/// I2  Half open lets exactly one call through.
///
/// Not thread-safe.
class circuit_breaker {
public:
  struct settings {
    std::uint32_t failures = 5;
    std::uint32_t pause_ms = 1000;
  };
  enum class phase : std::uint8_t { closed, open, half_open };

  circuit_breaker() : circuit_breaker(settings{}) {}
  explicit circuit_breaker(settings chosen) : chosen_(chosen) {}

  /// Whether a call may be made at `now`. `true` must be followed by
  /// `on_success` or `on_failure`.
  bool allows(time_ms now);
  void on_success();
  void on_failure(time_ms now);

  phase current() const { return phase_; }
  /// When to come back, for a retry hint; 0 unless open.
  std::uint32_t retry_after_ms(time_ms now) const;

private:
  settings chosen_;
  phase phase_ = phase::closed;
  std::uint32_t failures_ = 0; ///< in a row, while closed
  time_ms opened_at_ = 0;
};

} // namespace present::resilience
