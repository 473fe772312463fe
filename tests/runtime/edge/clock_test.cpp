#include "runtime/edge/clock.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace present;
using namespace present::edge;

namespace {
constexpr std::uint64_t second = 1'000'000'000;
}

TEST_CASE("wall time begins at the machine's clock and keeps its pace") {
  slewed_time wall;
  CHECK(wall.sample(5 * second, 1000 * second) == 1000 * second);
  CHECK(wall.sample(6 * second, 1001 * second) == 1001 * second);
  CHECK(wall.at(7 * second) == 1002 * second);
}

TEST_CASE("a jump of the machine's clock is followed at a tenth of the pace") {
  slewed_time wall;
  wall.sample(0, 1000 * second);
  CHECK(wall.sample(second, 1003 * second) == 1001 * second);
  CHECK(wall.offset_ms() == 2000);
  CHECK(wall.at(2 * second) == 1002 * second + second / 10);
  // After twenty seconds the error is gone, and is not overshot.
  CHECK(wall.at(100 * second) == 1102 * second);
}

TEST_CASE("whatever the machine's clock does, wall time keeps within a tenth") {
  std::mt19937_64 random(3);
  slewed_time wall;
  std::uint64_t mono = 0;
  std::uint64_t machine = 1'000'000 * second;
  auto before = wall.sample(mono, machine);
  for (int i = 0; i < 20'000; ++i) {
    const auto elapsed = random() % second;
    mono += elapsed;
    machine += elapsed;
    if (random() % 100 == 0) // somebody sets it, an hour either way at most
      machine += random() % (7200 * second) - 3600 * second;
    const auto now
      = random() % 2 ? wall.sample(mono, machine) : wall.at(mono);
    CHECK(now - before <= elapsed + elapsed / 10 + 1);
    CHECK(now - before + 1 >= elapsed - elapsed / 10);
    before = now;
  }
}

TEST_CASE("a reading out of order is taken as the latest") {
  slewed_time wall;
  wall.sample(10 * second, 1000 * second);
  CHECK(wall.sample(9 * second, 999 * second) == 1000 * second);
}

TEST_CASE("the machine's clocks advance") {
  system_clock clock;
  const auto mono = clock.monotonic_ns();
  const auto wall = clock.wall_ms();
  CHECK(wall > 1'600'000'000'000);
  while (clock.monotonic_ns() < mono + 2'000'000) {
  }
  CHECK(clock.wall_ms() > wall);
  CHECK(clock.wall_ms() < wall + 60'000);
}

TEST_CASE("a manual clock stands until it is moved") {
  manual_clock clock(5000);
  CHECK(clock.wall_ms() == 5000);
  clock.advance_ms(7);
  CHECK(clock.monotonic_ms() == 7);
  CHECK(clock.wall_ms() == 5007);
  clock.set_wall_ms(1);
  CHECK(clock.wall_ms() == 1);
  CHECK(clock.monotonic_ms() == 7);
}
