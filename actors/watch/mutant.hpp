#pragma once

#include "runtime/base/mutant.hpp"

#include <cstdint>

namespace present::watching {

enum class mutant : std::uint8_t {
  none,
  forget_gap,       // W3: a snapshot's gap is passed over in silence
  cut_loses_rest,   // W2: what a full page has no room for is lost
  repeat_last,      // W2: a page begins with what the one before ended with
  ignore_floor,     // W3: a place behind the window is taken for its beginning
};

} // namespace present::watching
