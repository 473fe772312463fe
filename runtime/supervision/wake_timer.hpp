#pragma once

#include "runtime/edge/clock.hpp"

#include <chrono>
#include <optional>

namespace present::supervision {

/// An actor's promise to its machine to pass `Wake` on in time. One that comes too
/// early is harmless, so a later wish never cancels it. Of one actor.
template <class Wake>
class wake_timer {
public:
  /// `wanted` is of the monotonic clock; nothing wanted: what is under way stays.
  template <class Actor>
  void arm(Actor& self, const edge::clock& clock, std::optional<time_ms> wanted) {
    if (!wanted || (armed_for_ && *armed_for_ <= *wanted))
      return;
    armed_for_ = wanted;
    const auto now = clock.monotonic_ms();
    self.delayed_send(&self, std::chrono::milliseconds(*wanted > now ? *wanted - now : 0),
                      Wake{});
  }

  /// `Wake` has come.
  void on_wake() { armed_for_.reset(); }

private:
  std::optional<time_ms> armed_for_;
};

} // namespace present::supervision
