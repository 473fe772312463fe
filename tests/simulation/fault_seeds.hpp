#pragma once

#include "tests/simulation/planned_fault.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace present::simulation {

/// In how many seeds each kind of fault was planned, and in how many of these it had an
/// effect: one that has none proves nothing.
template <class Kind, std::size_t Kinds>
class fault_seeds {
public:
  /// `effects_of(kind)`: how many it had in this seed.
  template <class EffectsOf>
  void add(const std::vector<planned_fault<Kind>>& plan, const EffectsOf& effects_of) {
    std::array<bool, Kinds> planned{};
    for (const auto& item : plan)
      planned[static_cast<std::size_t>(item.kind)] = true;
    for (std::size_t kind = 0; kind < Kinds; ++kind) {
      const std::uint64_t effects = effects_of(static_cast<Kind>(kind));
      effects_[kind] += effects;
      planned_[kind] += planned[kind];
      effective_[kind] += planned[kind] && effects > 0;
    }
  }

  /// Kinds that had no effect in nine of ten seeds that planned them. Nothing can be
  /// said of a few seeds.
  std::vector<std::string> weak() const {
    std::vector<std::string> names;
    for (std::size_t kind = 0; kind < Kinds; ++kind)
      if (planned_[kind] >= 50 && effective_[kind] * 10 < planned_[kind])
        names.emplace_back(to_string(static_cast<Kind>(kind)));
    return names;
  }

  void report(nlohmann::ordered_json& to) const {
    for (std::size_t kind = 0; kind < Kinds; ++kind) {
      const std::string name{to_string(static_cast<Kind>(kind))};
      to["faults"][name] = effects_[kind];
      to["fault_seeds"][name] = {{"planned", planned_[kind]}, {"effective", effective_[kind]}};
    }
    to["weak_faults"] = weak();
  }

private:
  std::array<std::uint64_t, Kinds> effects_{};
  std::array<std::uint64_t, Kinds> planned_{};
  std::array<std::uint64_t, Kinds> effective_{};
};

} // namespace present::simulation
