#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace present::simulation::cluster {

/// FAULTS.md, by number; those that a cluster of actors can meet.
enum class fault_kind : std::uint8_t {
  crash,          // 1: a node loses what was not durable
  crash_all,      // 1: every node at once
  crash_at_door,  // 3: between two deeds of one handler
  crash_at_mark,  // 16: a node, at a step of a transaction's commit
  throw_at_mark,  // 16: the coordinator, or a partition's replica
  pause,          // 4
  partition,      // 5: a minority, both ways
  one_way,        // 5: a single direction of a single link
  bridge,         // 5: one node sees both halves, which don't see each other
  isolate_leader, // 5
  drop,           // 6: batches between nodes
  delay,          // 6: and so reorder
  duplicate,      // 6
  reset,          // 6: connections break
  reply_loss,     // 7
  skew,           // 8: wall clocks are set
  drift,          // 8: clocks run fast or slow
  slow_disk,      // 9
  sync_failure,   // 9
  disk_full,      // 10
  actor_kill,     // 19
  actor_throw,    // 19: an exception in the middle of a handler
  actor_stuck,    // 19: a handler that takes very long
  crash_storm,    // 19: as many as are forgiven, or one more
  poison,         // 19: mail that makes no sense, calls that are wrong
  flood,          // 19: more calls at once than a session takes
  client_crash,   // a client dies with calls under way
  client_pause,   // 4: of a client's machine, for longer than its locks' leases
  bit_rot,        // 11: an entry in a log
  state_lost,     // 11: a partition's state is gone, its log is not
  old_files,      // 12: a node's folder is put back as it was a while ago
  wipe,           // 13: a node's data are deleted
  join,           // 14: a node that waits is let in
  drain,          // 14: a node is to give its replicas to others
  leave,          // 14: a drained node goes for good
  count_,
};

inline constexpr auto fault_kinds = static_cast<std::size_t>(fault_kind::count_);

std::string_view to_string(fault_kind kind);

/// How often each fault had an effect; one that had none proves nothing.
class effect_tally {
public:
  void count(fault_kind kind) { ++counts_[static_cast<std::size_t>(kind)]; }
  std::uint64_t of(fault_kind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

private:
  std::array<std::uint64_t, fault_kinds> counts_{};
};

} // namespace present::simulation::cluster
