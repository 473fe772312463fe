#include "actors/client/silence_watch.hpp"

#include <doctest/doctest.h>

using namespace present::client;
using order = silence_watch::order;

TEST_CASE("nothing ticks while nothing is owed (W2)") {
  silence_watch watch;
  CHECK(watch.on_owed());
  CHECK_FALSE(watch.on_owed()); // it ticks already
  watch.on_heard();
  CHECK(watch.on_tick(true) == order::listen);
  CHECK(watch.on_tick(false) == order::rest);
  CHECK(watch.on_owed());
}

TEST_CASE("a node that gives no sign when asked is silent (W1)") {
  silence_watch watch;
  watch.on_owed();
  CHECK(watch.on_tick(true) == order::ask_for_sign);
  CHECK(watch.on_tick(true) == order::listen);
  CHECK_FALSE(watch.is_silent());
  CHECK(watch.on_tick(true) == order::give_up);
  CHECK(watch.is_silent());
}

TEST_CASE("slow answers are no silence while signs come (W1)") {
  silence_watch watch;
  watch.on_owed();
  for (int round = 0; round < 10; ++round) {
    CHECK(watch.on_tick(true) == order::ask_for_sign);
    CHECK(watch.on_tick(true) == order::listen);
    CHECK_FALSE(watch.on_heard()); // at the last moment
    CHECK(watch.on_tick(true) == order::listen);
  }
  CHECK_FALSE(watch.is_silent());
}

TEST_CASE("a silent node that is heard again is as any other") {
  silence_watch watch;
  watch.on_owed();
  for (std::uint32_t tick = 0; tick < silence_watch::ticks_to_silence; ++tick)
    watch.on_tick(true);
  REQUIRE(watch.is_silent());
  CHECK(watch.on_tick(true) == order::rest); // a tick that was under way
  CHECK_FALSE(watch.on_owed());
  CHECK(watch.on_heard());
  CHECK_FALSE(watch.is_silent());
  CHECK(watch.on_owed());
  CHECK(watch.on_tick(true) == order::ask_for_sign); // it owes a sign of its own again
}
