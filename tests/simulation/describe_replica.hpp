#pragma once

#include "actors/partition/replica.hpp"

#include <string>

/// As describe.hpp, of what a whole replica hears and wants.
namespace present::simulation {

std::string describe(const partition::replica_event_kind& what);
std::string describe(const partition::replica_effect& what);

} // namespace present::simulation
