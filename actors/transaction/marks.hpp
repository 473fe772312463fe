#pragma once

#include "actors/partition/commit_step.hpp"
#include "runtime/base/failpoint.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

/// The failpoints of transactions over several partitions (FAULTS 16): around each step of
/// the commit, on either side of whoever is asked for it.
///
///   coordinator ── asked ─▶ ── arrived ─▶ partition: its log
///   coordinator ◀─ heard ── ◀─ answered ─┘
namespace present::transaction {

enum class mark_at : std::uint8_t {
  asked,    ///< by a coordinator, which has sent nothing yet
  arrived,  ///< at a partition, which has done nothing yet
  answered, ///< by a partition: it is in the log, and nobody has been told
  heard,    ///< by the coordinator, which has made nothing of it yet
  count_,
};

inline constexpr auto commit_steps = static_cast<std::size_t>(commit_step::count_);
inline constexpr auto moments = static_cast<std::size_t>(mark_at::count_);

/// By step, then by moment.
inline constexpr std::array<std::string_view, commit_steps * moments> mark_names{
  "prepare.asked", "prepare.arrived", "prepare.answered", "prepare.heard",
  "decide.asked",  "decide.arrived",  "decide.answered",  "decide.heard",
  "resolve.asked", "resolve.arrived", "resolve.answered", "resolve.heard",
  "push.asked",    "push.arrived",    "push.answered",    "push.heard",
  "forget.asked",  "forget.arrived",  "forget.answered",  "forget.heard",
};

/// A set of steps. Empty while nobody listens: then it costs nothing to ask.
class steps_marked {
public:
  static steps_marked of(const operation& what) {
    steps_marked found;
    if (failpoints::are_armed())
      found.add(what);
    return found;
  }
  static steps_marked of(const std::vector<operation>& all) {
    steps_marked found;
    if (failpoints::are_armed())
      for (const auto& one : all)
        found.add(one);
    return found;
  }

  void reach(mark_at when) const {
    for (std::size_t step = 0; bits_ != 0 && step < commit_steps; ++step)
      if (bits_ & 1U << step)
        failpoints::reach(mark_names[step * moments + static_cast<std::size_t>(when)]);
  }

private:
  void add(const operation& what) {
    if (const auto step = commit_step_of(what))
      bits_ |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(*step));
  }

  std::uint8_t bits_ = 0;
};

} // namespace present::transaction
