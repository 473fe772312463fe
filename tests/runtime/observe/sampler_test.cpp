#include "runtime/observe/sampler.hpp"

#include <doctest/doctest.h>

#include <random>

using present::observe::sampler;

TEST_CASE("when little happens all of it is taken") {
  sampler of(20);
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i)
    CHECK(of.takes(random(), 5000 + 100 * static_cast<std::uint64_t>(i)));
  CHECK(of.share() == 1);
}

TEST_CASE("under steady load about the target is taken each second") {
  sampler of(20);
  std::mt19937_64 random(2);
  std::uint64_t taken = 0;
  for (std::uint64_t ms = 1000; ms < 101'000; ++ms)
    for (int i = 0; i < 10; ++i) // 10,000 a second
      taken += of.takes(random(), ms);
  CHECK(taken > 1700);
  CHECK(taken < 2300);
  CHECK(of.share() < 0.003);
}

TEST_CASE("no second takes more than twice the target") {
  sampler of(10);
  std::mt19937_64 random(3);
  for (std::uint64_t second = 1; second < 100; ++second) {
    std::uint64_t taken = 0;
    const auto load = random() % 5000;
    for (std::uint64_t i = 0; i < load; ++i)
      taken += of.takes(random(), second * 1000);
    CHECK(taken <= 20);
  }
}

TEST_CASE("after a pause a new load is met as new") {
  sampler of(10);
  for (std::uint64_t i = 0; i < 100'000; ++i)
    of.takes(i << 40, 1000);
  CHECK_FALSE(of.takes(UINT64_MAX, 2000));
  CHECK(of.takes(UINT64_MAX, 10'000));
}

TEST_CASE("two that see the same load choose the same traces") {
  sampler one(5);
  sampler other(5);
  std::mt19937_64 random(4);
  for (std::uint64_t ms = 0; ms < 20'000; ms += 3) {
    const auto id = random();
    CHECK(one.takes(id, ms) == other.takes(id, ms));
  }
}
