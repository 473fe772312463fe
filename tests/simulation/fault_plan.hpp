#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace present::simulation {

/// FAULTS.md, by number; those that a raft group can meet.
enum class fault_kind : std::uint8_t {
  crash,          // 1: loses what was not synced
  crash_all,      // 1: every node at once
  crash_voter,    // 3: right after it has let a vote out
  pause,          // 4
  partition,      // 5: a minority, both ways
  one_way,        // 5: a single direction of a single link
  isolate_leader, // 5
  drop,           // 6
  delay,          // 6: and so reorder
  duplicate,      // 6
  reply_loss,     // 7
  drift,          // 8: a clock that runs fast or slow
  slow_disk,      // 9
  stalled_disk,   // 9: a single sync takes very long
  disk_failure,   // 9: one sync fails
  disk_full,      // 10
  state_lost,     // 11: the state is gone at the next start, the log is not
  link_flap,      // a link reported down and up although it works
  compaction,     // 15: tiny thresholds
  transfer,       // leadership handed over
  reconfigure,    // 14: learners, replaced voters
  count_,
};

inline constexpr auto fault_kinds = static_cast<std::size_t>(fault_kind::count_);

std::string_view to_string(fault_kind kind);

struct fault {
  fault_kind kind = fault_kind::crash;
  std::uint64_t at_ms = 0;
  std::uint64_t duration_ms = 0;
  std::uint32_t target = 0; ///< a node; 0: whoever leads at that moment
  std::uint32_t other = 0;
  std::uint32_t strength = 0; ///< per mille, or as the kind says
};

/// A seed's faults, up to `until_ms`. Each seed has a random half of the kinds
/// switched off (swarm testing, Groce et al. 2012); or there are only those of
/// `focus`, if that names any.
std::vector<fault> plan_of(std::uint64_t seed, std::uint32_t nodes,
                           std::uint64_t until_ms,
                           std::span<const fault_kind> focus = {});

std::string to_string(const fault& item);

} // namespace present::simulation
