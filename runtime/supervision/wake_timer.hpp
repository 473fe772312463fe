#pragma once

#include "runtime/edge/clock.hpp"

#include <chrono>
#include <optional>
#include <set>

namespace present::supervision {

/// An actor's promise to its machine to pass `Wake` on in time. One that comes too
/// early is harmless, so a later wish never cancels it; but it must not lead to another
/// one either, or an actor that once wished for an earlier one is woken twice as often
/// for good. Of one actor.
template <class Wake>
class wake_timer {
public:
  /// `wanted` is of the monotonic clock; nothing wanted: what is under way stays.
  template <class Actor>
  void arm(Actor& self, const edge::clock& clock, std::optional<time_ms> wanted) {
    if (!wanted || (!under_way_.empty() && *under_way_.begin() <= *wanted))
      return;
    under_way_.insert(*wanted);
    const auto now = clock.monotonic_ms();
    self.delayed_send(&self, std::chrono::milliseconds(*wanted > now ? *wanted - now : 0),
                      Wake{});
  }

  /// `Wake` has come.
  void on_wake() {
    if (!under_way_.empty())
      under_way_.erase(under_way_.begin());
  }

private:
  std::multiset<time_ms> under_way_; ///< they come in this order
};

} // namespace present::supervision
