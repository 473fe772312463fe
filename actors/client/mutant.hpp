#pragma once

#include <cstdint>

/// One-line defects that the simulation must catch (CONSENSUS.md, *Mutants*).
/// In the product each of them is the constant `false` and the compiler drops
/// it. The test build defines PRESENT_MUTANTS and switches one on at run time.
namespace present::client {

enum class mutant : std::uint8_t {
  none,
  trust_any_refusal,  // P5: "overloaded" after a lost attempt is "not applied"
  renumber_retries,   // P4: a retry is taken for a new operation
  acknowledge_early,  // P4: answers are given up that a retry still needs
};

#ifdef PRESENT_MUTANTS
inline thread_local mutant active_mutant = mutant::none;
inline bool mutated(mutant which) { return active_mutant == which; }
#else
constexpr bool mutated(mutant) { return false; }
#endif

} // namespace present::client
