#pragma once

#include "runtime/base/error.hpp"
#include "storage/log_entry.hpp"
#include "storage/witnessed.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// The durable log of all partitions of one node.
namespace present::storage {

/// Whose folder this is. Cluster and node must be those of the running node.
/// The store id is drawn once, when the folder is made (P19), and each opening
/// of the folder has a higher boot number.
struct store_identity {
  std::string cluster;
  node_id node;
  store_id store;
  std::uint64_t boot = 0;

  friend bool operator==(const store_identity&,
                         const store_identity&) = default;
};

/// One partition's part of a group commit, as raft's `persist` asks for it:
/// first `base`, then the entries.
struct journal_write {
  partition_id partition;
  raft::hard_state hard;
  /// Contiguous; they replace everything from the first one's index on. None:
  /// term and vote only.
  std::vector<raft::entry> entries;
  /// The log now starts after this mark: entries up to it go, and those behind
  /// it too with `drop_tail`. A mark at or below the present one is ignored.
  std::optional<raft::snapshot_mark> base;
  bool drop_tail = false;
  /// The writer's own, rising; and that of its write before this one (J5).
  std::uint64_t number = 0;
  std::uint64_t follows = 0;
  /// What is remembered of the peers; null: as before.
  std::shared_ptr<const std::vector<raft::witnessed>> witnesses;
};

/// What one step of reading a log back found.
struct log_scrub_report {
  std::vector<log_index> damaged; ///< entries that fail their check, or are missing
  log_index next;                 ///< where to go on; 0: the end was reached
};

/// Blocking; used from one thread.
///
/// J1  After `append` returned, the writes that were answered with success are
///     durable; of the others nothing is. One `append` costs one commit, however
///     many partitions: what isn't refused by itself succeeds or fails together.
/// J2  A partition's entries are contiguous and start right after its mark. A
///     write that would break this is refused (`invalid`).
/// J3  Bytes that fail their check are never taken for a torn tail (rule 15): a
///     damaged entry ends what `recover` returns, and where the log once ended is
///     remembered as `promised` until the log is at least as up to date as that
///     again, whatever restarts and writes come between.
/// J4  After a failed commit other than `disk_full` the store refuses all further
///     writes: the caller closes it and rebuilds (rule 12).
/// J5  A write names the one that it `follows`: 0 for the first after `recover`.
///     If that isn't its partition's last good one, it is refused, with the code
///     of what its forerunner failed of. So after a full disk nothing that was
///     queued behind the refused write can make a log that never was (E1 of
///     raft_machine.hpp).
class journal_store {
public:
  virtual ~journal_store() = default;

  virtual const store_identity& identity() const = 0;

  /// All partitions that have ever been written, also those that left.
  virtual result<std::vector<partition_id>> partitions() const = 0;

  /// Everything of a partition; all empty if it was never written. `applied` is
  /// the caller's to fill in, from the state. `damaged` if term and vote, or the
  /// mark, can't be read: this replica has lost its word and comes back as a
  /// learner (rule 16). Call it before the first `append` of a partition; a new chain of
  /// writes begins (J5).
  virtual result<raft::recovered_state> recover(partition_id partition) = 0;

  /// What was written last of the peers of a partition's replica. Nothing rests on it
  /// but that others are told: damaged, it may be begun anew.
  virtual result<std::vector<raft::witnessed>> witnesses(partition_id partition) const = 0;

  /// An answer for each write, in their order.
  virtual std::vector<status> append(std::span<const journal_write> batch) = 0;

  /// Entries from `first` on until `max_bytes` of payload are passed: at least
  /// one if there is one. None if `first` is above the last; `too_old` if it is
  /// at or below the mark; `damaged` if the first one is, and those before a
  /// damaged one otherwise.
  virtual result<std::vector<raft::entry>> load(partition_id partition,
                                                log_index first,
                                                std::uint64_t max_bytes) const
    = 0;

  /// Reads entries back from `from` on (0: the first) until `max_bytes` of payload
  /// are passed, at least one.
  virtual result<log_scrub_report> scrub(partition_id partition, log_index from,
                                         std::uint64_t max_bytes) const = 0;

  /// The partition leaves this node: its log goes, its word stays. Term and vote
  /// are kept, and where the log ended is promised (J3), so that a replica which
  /// comes back here neither votes nor leads before it has caught up. What it remembers
  /// of its peers goes. Call it when nobody writes to the partition any more. Idempotent.
  virtual status leave(partition_id partition) = 0;

  /// The cluster's map as this node saw it last: bytes that mean nothing here. Empty
  /// if there is none; `damaged` if they fail their check.
  virtual result<std::optional<std::string>> read_map() const = 0;
  virtual status write_map(const std::string& map) = 0;
};

} // namespace present::storage
