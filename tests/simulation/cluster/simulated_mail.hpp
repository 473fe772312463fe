#pragma once

#include <caf/all.hpp>

#include <functional>

namespace present::simulation::cluster {

/// Nobody's message.
struct nonsense {
  int number = 0;
};

/// To the workload's driver: something that it is to do within its own turn.
struct drive {
  std::function<void()> what;
};

} // namespace present::simulation::cluster

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::simulation::cluster::nonsense)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::simulation::cluster::drive)
