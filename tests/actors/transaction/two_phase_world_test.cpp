#include "tests/actors/transaction/two_phase_world.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::transaction::test;

namespace {

constexpr std::uint64_t seeds = 500;

/// With the seed in front, so that a failure can be run alone.
std::string violation_of(std::uint64_t seed, two_phase_world& world) {
  world.run(30);
  const auto found = world.violation();
  return found.empty() ? found : "seed " + std::to_string(seed) + ": " + found;
}

} // namespace

TEST_CASE("transactions over several partitions are whole, whatever dies on the way (P6-P11, P14, P22)") {
  int committed = 0, aborted = 0, crashes = 0, restarts = 0, waits = 0, pushes = 0, audits = 0,
      others_taken = 0, claims = 0, turns = 0, guarded = 0, fenced = 0, fences_met = 0,
      attempts = 0, named = 0, joined = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    two_phase_world world{seed};
    REQUIRE(violation_of(seed, world) == "");
    CHECK(world.unknown == 0);
    committed += world.committed;
    aborted += world.aborted;
    crashes += world.crashes;
    restarts += world.restarts;
    waits += world.waits;
    pushes += world.pushes;
    audits += world.audits;
    others_taken += world.others_taken;
    claims += world.claims;
    turns += world.turns;
    guarded += world.guarded;
    fenced += world.fenced;
    fences_met += world.fences_met;
    attempts += world.attempts;
    named += world.named;
    joined += world.joined;
  }
  // A run that did none of these would have shown nothing.
  MESSAGE("committed ", committed, ", aborted ", aborted, ", crashes ", crashes, ", restarts ",
          restarts, ", met locks ", waits, ", pushes ", pushes, ", audits ", audits, ", second branches ",
          others_taken, ", claims ", claims, ", holders of the lock ", turns, ", under it ", guarded,
          ", fenced ", fenced, ", met fences ", fences_met, ", further attempts under a name ",
          attempts, ", committed under one ", named, ", joined ", joined);
  CHECK(committed > static_cast<int>(3 * seeds));
  CHECK(aborted > static_cast<int>(seeds));
  CHECK(crashes > static_cast<int>(seeds));
  CHECK(restarts > static_cast<int>(seeds));
  CHECK(waits > static_cast<int>(seeds));
  CHECK(pushes > static_cast<int>(seeds));
  CHECK(audits > static_cast<int>(3 * seeds));
  CHECK(others_taken > static_cast<int>(seeds));
  CHECK(claims > static_cast<int>(seeds));
  CHECK(turns > static_cast<int>(seeds));
  CHECK(guarded > static_cast<int>(seeds));
  CHECK(fenced > static_cast<int>(seeds));
  CHECK(fences_met > static_cast<int>(seeds) / 2);
  CHECK(attempts > static_cast<int>(seeds));
  CHECK(named > static_cast<int>(seeds));
  CHECK(joined > static_cast<int>(seeds));
}

TEST_CASE("the same seed runs the same way") {
  const auto run = [](std::uint64_t seed) {
    two_phase_world world{seed};
    world.run(30);
    return std::tuple{world.committed, world.aborted, world.crashes, world.waits, world.pushes,
                      world.audits};
  };
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    CHECK(run(seed) == run(seed));
}
