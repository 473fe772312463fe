#pragma once

#include "tests/simulation/planned_fault.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace present::simulation {

/// FAULTS.md, by number; those that a partition's replicas can meet.
enum class fault_kind : std::uint8_t {
  crash,              // 1: loses what was not synced
  crash_all,          // 1: every node at once
  crash_voter,        // 3: right after it has let a vote out
  pause,              // 4
  partition,          // 5: a minority, both ways
  one_way,            // 5: a single direction of a single link
  isolate_leader,     // 5
  bridge,             // 5: two halves that only one node hears
  drop,               // 6
  delay,              // 6: and so reorder
  duplicate,          // 6
  reply_loss,         // 7: between replicas
  client_loss,        // 7: a client's request, or the reply to it
  client_late,        // 6: a client's request comes when its connection is long gone
  drift,              // 8: a clock that runs fast or slow
  clock_jump,         // 8: wall time, there and back
  clock_freeze,       // 8
  skew,               // 8: wall time, for as long as it lasts
  slow_disk,          // 9
  stalled_disk,       // 9: a single sync takes very long
  disk_failure,       // 9: one sync fails
  disk_full,          // 10
  checkpoint_failure, // 10: the state's disk alone
  misdirected_write,  // 11
  bit_rot,            // 11: in the log
  state_lost,         // 11: the state is damaged or gone, the log is not
  old_files,          // 12
  wipe,               // 13
  replica_restart,    // 19: the actor alone, its disks go on
  link_flap,          // a link reported down and up although it works
  compaction,         // 15: tiny thresholds
  transfer,           // leadership handed over
  replace_keepers,    // 14: the map wants others to keep the partition
  count_,
};

inline constexpr auto fault_kinds = static_cast<std::size_t>(fault_kind::count_);

std::string_view to_string(fault_kind kind);

using fault = planned_fault<fault_kind>;

/// A seed's faults, up to `until_ms`, of `focus` alone if that names any (`draw_plan`).
std::vector<fault> plan_of(std::uint64_t seed, std::uint32_t nodes,
                           std::uint64_t until_ms,
                           std::span<const fault_kind> focus = {});

} // namespace present::simulation
