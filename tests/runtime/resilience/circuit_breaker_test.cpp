#include "runtime/resilience/circuit_breaker.hpp"

#include <doctest/doctest.h>

using present::resilience::circuit_breaker;
using phase = circuit_breaker::phase;

TEST_CASE("failures in a row open it, a success in between starts over") {
  circuit_breaker breaker({.failures = 3, .pause_ms = 100});
  breaker.on_failure(1);
  breaker.on_failure(2);
  breaker.on_success();
  breaker.on_failure(3);
  breaker.on_failure(4);
  CHECK(breaker.allows(4));
  breaker.on_failure(5);
  CHECK_FALSE(breaker.allows(5));
  CHECK(breaker.retry_after_ms(5) == 100);
  CHECK(breaker.retry_after_ms(55) == 50);
}

TEST_CASE("after the pause exactly one call is let through") {
  circuit_breaker breaker({.failures = 1, .pause_ms = 100});
  breaker.on_failure(0);
  CHECK_FALSE(breaker.allows(99));
  CHECK(breaker.allows(100));
  CHECK_FALSE(breaker.allows(100));
  CHECK_FALSE(breaker.allows(10'000));
  breaker.on_success();
  CHECK(breaker.current() == phase::closed);
  CHECK(breaker.allows(10'000));
}

TEST_CASE("a trial that fails opens it again for a whole pause") {
  circuit_breaker breaker({.failures = 5, .pause_ms = 100});
  for (int i = 0; i < 5; ++i)
    breaker.on_failure(0);
  CHECK(breaker.allows(100));
  breaker.on_failure(150);
  CHECK_FALSE(breaker.allows(249));
  CHECK(breaker.allows(250));
}

TEST_CASE("what was sent before it opened doesn't close it") {
  circuit_breaker breaker({.failures = 1, .pause_ms = 100});
  breaker.on_failure(0);
  breaker.on_success();
  CHECK(breaker.current() == phase::open);
  breaker.on_failure(50);
  CHECK(breaker.allows(100));
}
