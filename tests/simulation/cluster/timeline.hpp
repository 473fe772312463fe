#pragma once

#include "tests/simulation/timeline.hpp"

namespace present::simulation::cluster {

/// A cluster's time is in nanoseconds since the run began.
inline constexpr std::uint64_t us = 1'000;
inline constexpr std::uint64_t ms = 1'000'000;

} // namespace present::simulation::cluster
