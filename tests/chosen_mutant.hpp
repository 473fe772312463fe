#pragma once

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

/// PRESENT_MUTANT names a defect that the tests of a program run with: the one that is
/// to show it has to fail then (`directed_mutants` of tests/meson.build).
namespace present::test {

template <class Mutant, std::size_t Size>
Mutant chosen_mutant(const std::array<std::pair<std::string_view, Mutant>, Size>& known) {
  const auto* wanted = std::getenv("PRESENT_MUTANT");
  for (const auto& [name, which] : known)
    if (wanted && name == wanted)
      return which;
  return Mutant::none;
}

} // namespace present::test
