#pragma once

#include "tests/simulation/cluster/fault_kind.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace present::simulation::cluster {

struct fault {
  fault_kind kind = fault_kind::crash;
  std::uint64_t at_ms = 0;
  std::uint64_t duration_ms = 0;
  std::uint32_t target = 0;   ///< a node; 0: whoever leads at that moment
  std::uint32_t other = 0;    ///< a node
  std::uint32_t strength = 0; ///< per mille, or as the kind says
};

/// A seed's faults, up to `until_ms`. Each seed has a random half of the kinds
/// switched off (swarm testing, Groce et al. 2012).
std::vector<fault> plan_of(std::uint64_t seed, std::uint32_t nodes, std::uint64_t until_ms);

std::string to_string(const fault& item);

} // namespace present::simulation::cluster
