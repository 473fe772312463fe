#pragma once

#include "tests/simulation/cluster/fault_kind.hpp"
#include "tests/simulation/planned_fault.hpp"

#include <cstdint>
#include <vector>

namespace present::simulation::cluster {

using fault = planned_fault<fault_kind>;

/// A seed's faults, up to `until_ms` (`draw_plan`).
std::vector<fault> plan_of(std::uint64_t seed, std::uint32_t nodes, std::uint64_t until_ms);

} // namespace present::simulation::cluster
