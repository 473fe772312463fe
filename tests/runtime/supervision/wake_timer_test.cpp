#include "runtime/supervision/wake_timer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace present;

namespace {

struct wake {};

/// Mail to oneself comes when the clock has reached its time.
struct woken_actor {
  edge::manual_clock clock;
  supervision::wake_timer<wake> timer;
  std::vector<time_ms> mail;

  void delayed_send(woken_actor*, std::chrono::milliseconds delay, wake) {
    mail.push_back(clock.monotonic_ms() + static_cast<time_ms>(delay.count()));
  }
  void arm(std::optional<time_ms> wanted) { timer.arm(*this, clock, wanted); }

  /// The next mail; false: there is none.
  bool wake_next() {
    const auto next = std::min_element(mail.begin(), mail.end());
    if (next == mail.end())
      return false;
    clock.advance_ms(*next - clock.monotonic_ms());
    mail.erase(next);
    timer.on_wake();
    return true;
  }
};

} // namespace

TEST_CASE("a wake under way that comes early enough is not sent again") {
  woken_actor actor;
  actor.arm({});
  CHECK(actor.mail.empty());
  actor.arm(50);
  actor.arm(50);
  actor.arm(300);
  CHECK(actor.mail == std::vector<time_ms>{50});
}

TEST_CASE("an earlier wish is granted, and what is late comes at once") {
  woken_actor actor;
  actor.clock.advance_ms(100);
  actor.arm(300);
  actor.arm(150);
  actor.arm(40);
  CHECK(actor.mail == std::vector<time_ms>{300, 150, 100});
}

TEST_CASE("an earlier wish once does not wake the actor twice as often for good") {
  woken_actor actor;
  actor.arm(300);
  actor.arm(50);
  std::size_t woken = 0;
  while (actor.clock.monotonic_ms() < 5'000 && actor.wake_next()) {
    ++woken;
    actor.arm(actor.clock.monotonic_ms() + 50);
  }
  CHECK(woken <= 5'000 / 50 + 1);
  CHECK(woken >= 5'000 / 50 - 1);
  CHECK(actor.mail.size() == 1);
}
