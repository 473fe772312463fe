#pragma once

#include "tests/simulation/cluster/stage.hpp"
#include "tests/simulation/cluster/witness.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace present::simulation::cluster {

/// Watches what becomes of actors: none crashes for a reason that nobody gave it (a
/// broken invariant is such a crash), and supervisors restart no more than they may.
class actor_watch {
public:
  actor_watch(witness& oracle, const timeline& time) : oracle_(oracle), time_(time) {}

  void on_made(const player& who);
  /// `reason` in words; empty: it ended as it was asked to.
  void on_end(const player& who, const std::string& reason);

  /// Something was done to this node's actors or its disk: it may crash, and give up.
  void excuse(host_id host) { excused_[host] = time_.now(); }
  void on_gave_up(host_id host, const std::string& why);

private:
  witness& oracle_;
  const timeline& time_;
  std::map<host_id, std::uint64_t> excused_;
  /// When the actors of one place in one life of a node were started.
  std::map<std::pair<const process*, std::string>, std::deque<std::uint64_t>> starts_;
};

} // namespace present::simulation::cluster
