#pragma once

#include "tests/simulation/fault_plan.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

namespace present::simulation {

/// What is wrong with one node at the moment, and who counts what came of it.
struct node_conditions {
  std::uint64_t paused_until_us = 0;
  std::uint64_t slow_disk_until_us = 0;
  std::uint64_t full_until_us = 0;
  std::uint64_t compacting_until_us = 0;
  std::uint64_t stall_next_sync_us = 0;
  std::uint64_t crash_after_vote_us = 0; ///< for how long; 0: not
  bool fail_next_sync = false;
  bool fail_next_checkpoint = false;
  bool misdirect_next_write = false;
  bool waits_for_all_witnesses = false; ///< of a seed
  fault_kind wall_wrong_by = fault_kind::skew; ///< while the wall clock is off
  /// In the middle of a turn, after as many effects; and for how long.
  std::optional<std::uint32_t> crash_after_effects;
  std::uint64_t crash_duration_us = 0;

  std::function<void(fault_kind)> count = [](fault_kind) {};
  /// Ends the node for a while.
  std::function<void(std::uint64_t duration_us, fault_kind)> crash_for;
};

} // namespace present::simulation
