#pragma once

#include "tests/simulation/seeded_random.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace present::simulation {

/// What a level of the simulation says of one kind of fault.
struct fault_row {
  std::string_view name;
  std::uint64_t weight; ///< against the others
  std::uint64_t shortest_ms;
  std::uint64_t longest_ms;
};

/// And of all of them. Upper bounds are not reached.
struct fault_bounds {
  std::uint64_t quiet_ms;    ///< before the first
  std::uint64_t widest_gap_ms; ///< on average between two
  std::uint64_t least_strength;
  std::uint64_t most_strength;
};

template <class Kind>
struct planned_fault {
  Kind kind{};
  std::uint64_t at_ms = 0;
  std::uint64_t duration_ms = 0;
  std::uint32_t target = 0;   ///< a node; 0: whoever leads at that moment
  std::uint32_t other = 0;    ///< a node
  std::uint32_t strength = 0; ///< per mille, or as the kind says
};

/// A seed's faults, up to `until_ms`. `table` is in the order of `Kind`. Each seed has
/// a random half of the kinds switched off (swarm testing, Groce et al. 2012); or there
/// are only those of `focus`, if that names any.
template <class Kind, std::size_t Kinds>
std::vector<planned_fault<Kind>>
draw_plan(std::uint64_t seed, std::uint32_t nodes, std::uint64_t until_ms,
          const std::array<fault_row, Kinds>& table, const fault_bounds& bounds,
          std::span<const Kind> focus = {}) {
  seeded_random random{seed * 2 + 1};
  std::array<std::uint64_t, Kinds> weights{};
  std::uint64_t total = 0;
  for (std::size_t kind = 0; kind < Kinds; ++kind) {
    const bool named
      = std::find(focus.begin(), focus.end(), static_cast<Kind>(kind)) != focus.end();
    if (focus.empty() ? random.chance(500) : named)
      weights[kind] = table[kind].weight;
    total += weights[kind];
  }
  std::vector<planned_fault<Kind>> plan;
  auto at = bounds.quiet_ms;
  const auto mean_gap = random.between(60, bounds.widest_gap_ms);
  while (total > 0 && (at += random.between(1, 2 * mean_gap)) < until_ms) {
    auto pick = random.below(total);
    std::size_t kind = 0;
    while (pick >= weights[kind])
      pick -= weights[kind++];
    auto& item = plan.emplace_back();
    item.kind = static_cast<Kind>(kind);
    item.at_ms = at;
    item.duration_ms = random.between(table[kind].shortest_ms, table[kind].longest_ms);
    item.target = random.chance(400) ? 0 : static_cast<std::uint32_t>(1 + random.below(nodes));
    item.other = static_cast<std::uint32_t>(1 + random.below(nodes));
    item.strength = static_cast<std::uint32_t>(
      random.between(bounds.least_strength, bounds.most_strength));
  }
  return plan;
}

template <class Kind>
bool has_kind(const std::vector<planned_fault<Kind>>& plan, Kind kind) {
  return std::any_of(plan.begin(), plan.end(),
                     [kind](const auto& item) { return item.kind == kind; });
}

/// How long a witness is waited for (P19) in runs with old files: longer than any of them.
inline constexpr std::uint64_t endless_patience_ms = 1'000'000'000;

template <class Kind>
std::string to_string(const planned_fault<Kind>& item) {
  return std::to_string(item.at_ms) + " ms: " + std::string{to_string(item.kind)} + " of "
         + (item.target ? std::to_string(item.target) : "the leader") + " (other "
         + std::to_string(item.other) + ", strength " + std::to_string(item.strength)
         + ") for " + std::to_string(item.duration_ms) + " ms";
}

} // namespace present::simulation
