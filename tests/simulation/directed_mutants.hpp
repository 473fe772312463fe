#pragma once

#include <string>
#include <vector>

namespace present::simulation {

/// A defect that a test of its own shows: it fails with the defect, and passes without.
struct directed_mutant {
  const char* name;
  const char* rule;
  const char* program; ///< below the build folder
  const char* test;    ///< doctest's filter
};

/// As the tests' meson.build files have them.
extern const std::vector<directed_mutant> directed_mutants;

/// `builds`: the build folder.
bool is_shown(const directed_mutant& what, const std::string& builds);

} // namespace present::simulation
