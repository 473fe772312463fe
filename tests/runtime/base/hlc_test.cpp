#include "runtime/base/hlc.hpp"

#include <doctest/doctest.h>

using namespace present;

TEST_CASE("stamps rise even when wall time stands still or goes back") {
  hybrid_clock clock;
  const auto first = clock.tick(1000);
  const auto second = clock.tick(1000);
  const auto third = clock.tick(400);
  CHECK(first == hlc_stamp::of(1000, 0));
  CHECK(second == hlc_stamp::of(1000, 1));
  CHECK(third == hlc_stamp::of(1000, 2));
}

TEST_CASE("the counter carries into the milliseconds and keeps the order") {
  hybrid_clock clock;
  clock.raise(hlc_stamp::of(1000, 65'535));
  CHECK(clock.tick(1000) == hlc_stamp::of(1001, 0));
}

TEST_CASE("a stamp merged within the bound is below the next stamp") {
  hybrid_clock clock{250};
  const auto seen = hlc_stamp::of(1250, 7);
  const auto merged = clock.merge(seen, 1000);
  REQUIRE(merged.has_value());
  CHECK(*merged > seen);
}

TEST_CASE("a stamp beyond the bound is refused and leaves no trace (P21)") {
  hybrid_clock clock{250};
  const auto before = clock.tick(1000);
  CHECK_FALSE(clock.merge(hlc_stamp::of(1251, 0), 1000).has_value());
  CHECK(clock.latest() == before);
}

TEST_CASE("what the own log holds is continued from, however far ahead") {
  hybrid_clock clock{250};
  clock.raise(hlc_stamp::of(9000, 0));
  CHECK(clock.tick(1000) == hlc_stamp::of(9000, 1));
}
