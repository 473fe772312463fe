#pragma once

#include <cstdint>

/// As actors/partition/mutant.hpp: one-line defects that tests must catch.
namespace present::transaction {

enum class mutant : std::uint8_t {
  none,
  decide_before_all_prepared, // P7: home decides as soon as one has prepared
  abort_without_push,         // P8: a coordinator that gives up says "aborted" by itself
  always_wait,                // P13: who is younger waits as well
};

#ifdef PRESENT_MUTANTS
inline thread_local mutant active_mutant = mutant::none;
inline bool mutated(mutant which) { return active_mutant == which; }
#else
constexpr bool mutated(mutant) { return false; }
#endif

} // namespace present::transaction
