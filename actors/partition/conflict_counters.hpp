#pragma once

#include "actors/partition/operation.hpp"
#include "runtime/observe/metrics.hpp"

#include <array>
#include <memory>

namespace present {

/// How many conflicts a node's partitions met, by type and by what became of them (O2, O3):
/// each once, where its operation is answered, retries left out. Thread-safe.
class conflict_counters {
public:
  /// Adds the series of all types and outcomes, so that rates begin at 0. `to` lives as
  /// long as this.
  explicit conflict_counters(std::shared_ptr<observe::metrics> to) : to_(std::move(to)) {
    for (std::size_t kind = 0; kind < conflict::conflict_kinds; ++kind)
      for (std::size_t then = 0; then < conflict::outcome_kinds; ++then)
        counters_[kind][then] = &to_->add_counter(
          "present_conflicts_total", "Conflicts by type and by what became of them",
          {{"type", std::string{to_string(static_cast<conflict::conflict_kind>(kind))}},
           {"outcome", std::string{to_string(static_cast<conflict::outcome_kind>(then))}}});
  }

  void count(const response& given) const {
    for (const auto& one : given.answers)
      if (one.conflict && !one.repeated)
        counters_[static_cast<std::size_t>(one.conflict->because)]
                 [static_cast<std::size_t>(one.conflict->then)]->add();
  }

private:
  std::shared_ptr<observe::metrics> to_;
  std::array<std::array<observe::counter*, conflict::outcome_kinds>, conflict::conflict_kinds>
    counters_{};
};

} // namespace present
