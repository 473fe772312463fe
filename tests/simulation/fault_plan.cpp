#include "tests/simulation/fault_plan.hpp"

#include <array>

namespace present::simulation {

namespace {

// In the order of fault_kind. Durations are chosen around T = 300 ms.
constexpr std::array<fault_row, fault_kinds> table{{
  {"crash", 10, 20, 1500},
  {"crash_all", 2, 20, 600},
  {"crash_voter", 4, 5, 200},
  {"pause", 8, 100, 2000},
  {"partition", 8, 100, 2000},
  {"one_way", 8, 100, 2000},
  {"isolate_leader", 6, 200, 2000},
  {"bridge", 5, 200, 2000},
  {"drop", 6, 200, 1500},
  {"delay", 6, 200, 1500},
  {"duplicate", 4, 200, 1500},
  {"reply_loss", 6, 200, 1500},
  {"client_loss", 6, 200, 2000},
  {"client_late", 5, 500, 4000},
  {"drift", 3, 500, 3000},
  {"clock_jump", 4, 50, 1500},
  {"clock_freeze", 4, 100, 1500},
  {"skew", 3, 2000, 6000},
  {"slow_disk", 6, 200, 1500},
  {"stalled_disk", 6, 300, 3000},
  {"disk_failure", 4, 100, 500},
  {"disk_full", 4, 200, 1500},
  {"checkpoint_failure", 4, 100, 500},
  {"misdirected_write", 3, 100, 500},
  {"bit_rot", 3, 20, 800},
  {"state_lost", 4, 20, 600},
  {"old_files", 4, 50, 2500},
  {"wipe", 2, 50, 1000},
  {"replica_restart", 5, 1, 2},
  {"link_flap", 4, 20, 400},
  {"compaction", 4, 500, 4000},
  {"transfer", 6, 1, 2},
  {"replace_keepers", 9, 1, 2},
}};

} // namespace

std::string_view to_string(fault_kind kind) {
  return table[static_cast<std::size_t>(kind)].name;
}

std::vector<fault> plan_of(std::uint64_t seed, std::uint32_t nodes,
                           std::uint64_t until_ms,
                           std::span<const fault_kind> focus) {
  return draw_plan(seed, nodes, until_ms, table, {300, 500, 50, 600}, focus);
}

} // namespace present::simulation
