#include "tests/simulation/cluster/fault_plan.hpp"

#include "tests/simulation/seeded_random.hpp"

#include <array>

namespace present::simulation::cluster {

namespace {

struct fault_row {
  std::string_view name;
  std::uint64_t weight; // against the others
  std::uint64_t shortest_ms;
  std::uint64_t longest_ms;
};

// In the order of fault_kind. Durations are chosen around T = 300 ms and the lapse of
// a link, 1,500 ms.
constexpr std::array<fault_row, fault_kinds> table{{
  {"crash", 8, 20, 2500},
  {"crash_all", 2, 20, 1000},
  {"crash_at_door", 6, 20, 1500},
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
  seeded_random random{seed * 2 + 1};
  std::array<std::uint64_t, fault_kinds> weights{};
  std::uint64_t total = 0;
  for (std::size_t kind = 0; kind < fault_kinds; ++kind) {
    weights[kind] = random.chance(500) ? table[kind].weight : 0;
    total += weights[kind];
  }
  std::vector<fault> plan;
  std::uint64_t at = 200;
  const auto mean_gap = random.between(60, 600);
  while (total > 0 && (at += random.between(1, 2 * mean_gap)) < until_ms) {
    auto pick = random.below(total);
    std::size_t kind = 0;
    while (pick >= weights[kind])
      pick -= weights[kind++];
    fault item;
    item.kind = static_cast<fault_kind>(kind);
    item.at_ms = at;
    item.duration_ms = random.between(table[kind].shortest_ms, table[kind].longest_ms);
    item.target = random.chance(400) ? 0 : static_cast<std::uint32_t>(1 + random.below(nodes));
    item.other = static_cast<std::uint32_t>(1 + random.below(nodes));
    item.strength = static_cast<std::uint32_t>(random.between(20, 500));
    plan.push_back(item);
  }
  return plan;
}

std::string to_string(const fault& item) {
  return std::to_string(item.at_ms) + " ms: " + std::string{to_string(item.kind)} + " of "
         + (item.target ? std::to_string(item.target) : "the leader") + " (other "
         + std::to_string(item.other) + ", strength " + std::to_string(item.strength)
         + ") for " + std::to_string(item.duration_ms) + " ms";
}

} // namespace present::simulation::cluster
