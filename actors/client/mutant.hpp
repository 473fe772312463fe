#pragma once

#include "runtime/base/mutant.hpp"

#include <cstdint>

namespace present::client {

enum class mutant : std::uint8_t {
  none,
  trust_any_refusal,  // P5: "overloaded" after a lost attempt is "not applied"
  renumber_retries,   // P4: a retry is taken for a new operation
  acknowledge_early,  // P4: answers are given up that a retry still needs
};

} // namespace present::client
