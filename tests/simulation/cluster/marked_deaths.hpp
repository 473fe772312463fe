#pragma once

#include "actors/transaction/marks.hpp"
#include "tests/simulation/cluster/stage.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>

namespace present::simulation::cluster {

/// How often somebody died at each mark of a transaction's commit.
using mark_tally = std::array<std::uint64_t, transaction::mark_names.size()>;

/// Deaths of coordinators and participants in each state (FAULTS 16): the next who reaches
/// a mark that is armed dies there, with its process or, by an exception, alone.
///
/// Listens for all of the process while it lives, so there is one at a time.
class marked_deaths final : failpoints::listener {
public:
  /// Of the process in which an actor is about to throw.
  using warning = std::function<void(const process&)>;

  marked_deaths(const stage& actors, warning tell);
  ~marked_deaths() override;
  marked_deaths(const marked_deaths&) = delete;
  marked_deaths& operator=(const marked_deaths&) = delete;

  void arm(std::size_t mark, bool whole_process) { armed_[mark] = whole_process; }
  void disarm() { armed_.clear(); }

  const mark_tally& struck() const { return struck_; }

private:
  void on_reached(std::string_view name) override;

  const stage& actors_;
  const warning tell_;
  std::map<std::size_t, bool> armed_; ///< marks, and whether the whole process dies
  mark_tally struck_{};
};

} // namespace present::simulation::cluster
