#pragma once

#include "actors/client/client_machine.hpp"
#include "actors/partition/commit_step.hpp"

#include <compare>

namespace present::client {

/// Which calls share requests to a node: those to one partition. The steps of commits over
/// several partitions do so among themselves: a client's write may wait at the partition for
/// a lock, and what waits keeps the rest of its request, and who comes behind it, waiting; a
/// push or a resolve is what ends that (P8, P11).
struct lane_name {
  partition_id partition;
  bool of_commits = false;
  friend auto operator<=>(const lane_name&, const lane_name&) = default;
};

inline lane_name lane_of(const send_attempt& what) {
  return {what.partition, commit_step_of(what.what).has_value()};
}

} // namespace present::client
