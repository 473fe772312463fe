#pragma once

#include "tests/simulation/cluster/node_clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace present::simulation::cluster {

/// A machine of the simulated network: nodes from 1 on, clients' from 101 on.
using host_id = std::uint32_t;
inline constexpr host_id first_client_host = 101;

/// A process of the simulated world: one life of a node, or of a client. It ends as
/// with kill -9: none of its actors runs again, and none of its doors opens.
class process {
public:
  process(host_id host, const timeline& time, std::uint64_t clock_origin,
          std::int64_t wall_offset_ms)
      : host_(host), time_(time), clock_(time, clock_origin, wall_offset_ms) {}

  host_id host() const { return host_; }
  node_clock& clock() { return clock_; }
  const timeline& time() const { return time_; }

  bool is_alive() const { return alive_; }
  void end() { alive_ = false; }

  /// Stopped, as by SIGSTOP: the world goes on without it.
  bool is_paused() const { return paused_until_ > time_.now(); }
  std::uint64_t paused_until() const { return paused_until_; }
  void pause_until(std::uint64_t when) { paused_until_ = when; }

  /// Asked by each door to disk and network before anything goes through. A crash
  /// that was armed happens here: between two deeds of one handler (fault 3).
  bool opens_door() {
    if (alive_ && doors_left_ && (*doors_left_)-- == 0) {
      doors_left_.reset();
      alive_ = false;
      died_at_door_ = true;
    }
    return alive_;
  }
  void crash_at_door(unsigned number) { doors_left_ = number; }
  /// It ends in the middle of a handler (fault 16): what that does yet reaches nobody.
  void fall_at_mark() {
    alive_ = false;
    died_at_door_ = fell_at_mark_ = true;
  }
  bool fell_at_mark() const { return fell_at_mark_; }
  /// It died at a door: whoever runs it has to bury it.
  bool take_death_at_door() { return std::exchange(died_at_door_, false); }

private:
  const host_id host_;
  const timeline& time_;
  node_clock clock_;
  bool alive_ = true;
  bool died_at_door_ = false;
  bool fell_at_mark_ = false;
  std::uint64_t paused_until_ = 0;
  std::optional<unsigned> doors_left_;
};

} // namespace present::simulation::cluster
