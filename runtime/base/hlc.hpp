#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace present {

/// A hybrid logical clock's stamp: 48 bits of milliseconds since the Unix epoch
/// above 16 bits of a counter (Kulkarni et al., "Logical Physical Clocks", 2014).
/// Stamps compare as integers. 0 means "never".
struct hlc_stamp {
  std::uint64_t value = 0;

  static constexpr hlc_stamp of(std::uint64_t wall_ms, std::uint16_t counter) {
    return {wall_ms << 16 | counter};
  }
  constexpr std::uint64_t wall_ms() const { return value >> 16; }
  constexpr std::uint16_t counter() const {
    return static_cast<std::uint16_t>(value);
  }

  friend constexpr auto operator<=>(hlc_stamp, hlc_stamp) = default;
};

/// "1763875200000.3": milliseconds and counter, for people.
std::string to_string(hlc_stamp stamp);

/// The clock. Pure: wall time comes in with each call.
///
/// I1  Each stamp is above every stamp returned or merged before.
/// I2  A stamp's milliseconds are never more than `max_offset_ms` ahead of the
///     wall time given with the call, unless wall time itself went back.
/// I3  A foreign stamp further ahead than `max_offset_ms` is never merged (P21).
///
/// Not thread-safe: each owner has its own.
class hybrid_clock {
public:
  static constexpr std::uint64_t default_max_offset_ms = 250;

  explicit hybrid_clock(std::uint64_t max_offset_ms = default_max_offset_ms)
      : max_offset_ms_(max_offset_ms) {}

  /// A stamp for an event that happens now.
  hlc_stamp tick(std::uint64_t wall_ms);

  /// A stamp for an event that happens now, after `seen`. Empty if `seen` is
  /// beyond the bound: the caller says `clock_skew`, and nothing is merged.
  std::optional<hlc_stamp> merge(hlc_stamp seen, std::uint64_t wall_ms);

  /// Continues above `floor`, whatever the wall clock says: for what this
  /// replica's own log already holds. Never refuses (I1 before I2).
  void raise(hlc_stamp floor);

  hlc_stamp latest() const { return latest_; }
  std::uint64_t max_offset_ms() const { return max_offset_ms_; }

private:
  std::uint64_t max_offset_ms_;
  hlc_stamp latest_;
};

} // namespace present
