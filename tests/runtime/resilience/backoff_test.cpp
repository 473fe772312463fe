#include "runtime/resilience/backoff.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using present::resilience::backoff;

TEST_CASE("the ceiling doubles from the base to the cap") {
  backoff wait(1, {.base_ms = 10, .cap_ms = 100});
  for (const auto ceiling : {10u, 20u, 40u, 80u, 100u, 100u}) {
    CHECK(wait.ceiling_ms() == ceiling);
    CHECK(wait.next_ms() <= ceiling);
  }
  wait.reset();
  CHECK(wait.ceiling_ms() == 10);
}

TEST_CASE("the ceiling stays at the cap for ever") {
  backoff wait(1, {.base_ms = 4'000'000'000, .cap_ms = 4'100'000'000});
  for (int i = 0; i < 100; ++i) {
    wait.next_ms();
    CHECK(wait.ceiling_ms() == 4'100'000'000);
  }
}

TEST_CASE("waits spread over the whole range") {
  backoff wait(7, {.base_ms = 1000, .cap_ms = 1000});
  std::uint64_t sum = 0;
  std::uint32_t least = UINT32_MAX;
  std::uint32_t most = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto ms = wait.next_ms();
    sum += ms;
    least = std::min(least, ms);
    most = std::max(most, ms);
  }
  CHECK(least < 10);
  CHECK(most > 990);
  CHECK(sum / 10'000 > 480);
  CHECK(sum / 10'000 < 520);
}

TEST_CASE("those who failed together don't come back together") {
  backoff one(1);
  backoff other(2);
  int same = 0;
  for (int i = 0; i < 20; ++i)
    same += one.next_ms() == other.next_ms();
  CHECK(same < 5);
}
