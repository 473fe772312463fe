#pragma once

#include "runtime/base/mutant.hpp"

#include <cstdint>

namespace present::transaction {

enum class mutant : std::uint8_t {
  none,
  decide_before_all_prepared, // P7: home decides as soon as one has prepared
  abort_without_push,         // P8: a coordinator that gives up says "aborted" by itself
  always_wait,                // P13: who is younger waits as well
  trust_repeated_decision,    // P6: another attempt's answer is taken for the own decision
};

} // namespace present::transaction
