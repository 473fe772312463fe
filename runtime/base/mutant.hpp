#pragma once

/// One-line defects that tests must catch (CONSENSUS.md, *Mutants*). A folder that has
/// some lists them in an enum `mutant` whose first is `none`. In the product each of them
/// is the constant `false` and the compiler drops it. A test's build of the folder defines
/// PRESENT_MUTANTS and switches one on at run time, for its thread.
namespace present {

#ifdef PRESENT_MUTANTS
template <class Mutant>
inline thread_local Mutant active_mutant = Mutant::none;
template <class Mutant>
bool mutated(Mutant which) {
  return active_mutant<Mutant> == which;
}
#else
template <class Mutant>
constexpr bool mutated(Mutant) {
  return false;
}
#endif

} // namespace present
