#include "actors/raft/mutant.hpp"

#include <cstdlib>
#include <string_view>

/// PRESENT_MUTANT names a defect that the tests of this program run with: they are
/// those that have to fail then. For defects that hardly a seed shows.
namespace present::raft {

namespace {

mutant mutant_named(std::string_view name) {
  if (name == "forget_vote_on_restart")
    return mutant::forget_vote_on_restart;
  if (name == "believe_late_write")
    return mutant::believe_late_write;
  if (name == "replaced_when_truncated")
    return mutant::replaced_when_truncated;
  if (name == "deaf_when_quiet")
    return mutant::deaf_when_quiet;
  return mutant::none;
}

[[maybe_unused]] const bool is_chosen = [] {
  const auto* name = std::getenv("PRESENT_MUTANT");
  active_mutant = mutant_named(name ? name : "");
  return true;
}();

} // namespace

} // namespace present::raft
