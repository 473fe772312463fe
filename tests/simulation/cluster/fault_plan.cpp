#include "tests/simulation/cluster/fault_plan.hpp"

#include <array>

namespace present::simulation::cluster {

namespace {

// In the order of fault_kind. Durations are chosen around T = 300 ms and the lapse of
// a link, 1,500 ms.
constexpr std::array<fault_row, fault_kinds> table{{
  {"crash", 8, 20, 2500},
  {"crash_all", 2, 20, 1000},
  {"crash_at_door", 6, 20, 1500},
  {"crash_at_mark", 8, 20, 1500},
  {"throw_at_mark", 8, 20, 1500},
  {"pause", 8, 100, 3000},
  {"partition", 8, 100, 3000},
  {"one_way", 6, 100, 3000},
  {"bridge", 6, 100, 3000},
  {"isolate_leader", 6, 200, 3000},
  {"drop", 6, 200, 1500},
  {"delay", 6, 200, 1500},
  {"duplicate", 6, 200, 1500},
  {"reset", 6, 1, 2},
  {"reply_loss", 6, 200, 1500},
  {"skew", 3, 500, 3000},
  {"drift", 3, 500, 3000},
  {"slow_disk", 6, 200, 2000},
  {"sync_failure", 4, 100, 500},
  {"disk_full", 4, 200, 2500},
  {"actor_kill", 8, 1, 2},
  {"actor_throw", 8, 1, 2},
  {"actor_stuck", 6, 50, 8000},
  {"crash_storm", 3, 100, 3000},
  {"poison", 4, 1, 2},
  {"flood", 3, 1, 2},
  {"client_crash", 4, 20, 1000},
  {"client_pause", 4, 100, 3000},
  {"bit_rot", 4, 20, 1500},
  {"state_lost", 4, 20, 1500},
  {"old_files", 4, 50, 2500},
  {"wipe", 3, 20, 1500},
  {"join", 6, 1, 2},
  {"drain", 4, 1, 2},
  {"leave", 4, 1, 2},
}};

} // namespace

std::string_view to_string(fault_kind kind) {
  return table[static_cast<std::size_t>(kind)].name;
}

std::vector<fault> plan_of(std::uint64_t seed, std::uint32_t nodes, std::uint64_t until_ms) {
  return draw_plan<fault_kind>(seed, nodes, until_ms, table, {200, 600, 20, 500});
}

} // namespace present::simulation::cluster
