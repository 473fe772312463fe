#include "tests/simulation/directed_mutants.hpp"

#include <cstdlib>
#include <string>

namespace present::simulation {

namespace {

/// doctest's own exit code for tests that failed; anything else is no answer. A filter
/// that names no test passes.
constexpr int tests_failed = 1;

int outcome_of(const directed_mutant& what, const std::string& builds, const char* defect) {
  const auto command = "PRESENT_MUTANT=" + std::string{defect} + " '" + builds + "/" + what.program
                       + "' '--test-case=" + what.test + "' >/dev/null 2>&1";
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

bool is_shown(const directed_mutant& what, const std::string& builds) {
  return outcome_of(what, builds, what.name) == tests_failed
         && outcome_of(what, builds, "") == 0;
}

} // namespace present::simulation
