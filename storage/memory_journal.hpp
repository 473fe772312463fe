#pragma once

#include "storage/admitted_batch.hpp"
#include "storage/journal_store.hpp"
#include "storage/log_extent.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <variant>

/// The journal's twin for simulation: the same promises, kept by a disk that
/// lives as long as the simulated node's folder. std only.
///
/// A commit is seen by this process at once and survives a crash once `sync` was
/// called: so a simulator writes with `append`, and reports `persisted` when its
/// clock says that the disk is done.
namespace present::storage {

class memory_journal final : public journal_store {
public:
  explicit memory_journal(store_identity identity)
      : identity_(std::move(identity)) {}

  const store_identity& identity() const override { return identity_; }
  result<std::vector<partition_id>> partitions() const override;
  result<raft::recovered_state> recover(partition_id partition) override;
  result<std::vector<raft::witnessed>> witnesses(partition_id partition) const override;
  std::vector<status> append(std::span<const journal_write> batch) override;
  result<std::vector<raft::entry>> load(partition_id partition, log_index first,
                                        std::uint64_t max_bytes) const override;
  result<log_scrub_report> scrub(partition_id partition, log_index from,
                                 std::uint64_t max_bytes) const override;
  status leave(partition_id partition) override;
  result<std::optional<std::string>> read_map() const override { return seen_.map; }
  status write_map(const std::string& map) override;

  // -- the disk ----------------------------------------------------------------

  /// Makes the oldest `commits` durable; all of them by default.
  void sync(std::size_t commits = SIZE_MAX);
  std::size_t unsynced() const { return pending_.size(); }

  /// Power loss and restart: what wasn't synced is gone, but for the oldest
  /// `survivors`, which had reached the disk before anybody was told. The next
  /// boot begins.
  void crash(std::size_t survivors = 0);

  /// The next write fails with `problem` and changes nothing; empty: it succeeds
  /// after all.
  void fail_next(std::optional<error> problem) { failure_ = std::move(problem); }

  /// From where to where the log goes; what `recover` would begin anew stays.
  log_extent extent_of(partition_id partition) const;

  /// The entry that a crash would leave at `index`, damaged or not; null if there
  /// would be none.
  const raft::entry* durable_entry(partition_id partition, log_index index) const;
  /// Where the log starts after, as a crash would leave it.
  log_index durable_base(partition_id partition) const;

  /// Makes a stored entry fail its check. False if there is no such entry.
  bool damage(partition_id partition, log_index index);

  /// All is lost (fault 13): an empty folder of a new store.
  void wipe(store_id store);

private:
  struct partition_log {
    raft::hard_state hard;
    raft::snapshot_mark mark;
    std::map<log_index, raft::entry> entries;
    std::set<log_index> damaged;
    log_extent extent;
    std::vector<raft::witnessed> witnesses;
  };
  struct image {
    std::map<partition_id, partition_log> logs;
    std::optional<std::string> map;
  };

  /// A write with the extent that it leaves: replayed as it was first seen.
  struct extended_write {
    journal_write write;
    log_extent after;
  };
  struct left_partition {
    partition_id partition;
  };
  struct written_map {
    std::string bytes;
  };
  using commit = std::variant<std::vector<extended_write>, left_partition, written_map>;

  static void apply(image& disk, const commit& what);
  static void apply(partition_log& log, const extended_write& what);
  status commit_now(commit what);
  const partition_log* find(partition_id partition) const;

  store_identity identity_;
  image seen_;    ///< as this process reads it
  image durable_; ///< as a crash leaves it
  std::deque<commit> pending_;
  write_chains chains_;
  std::optional<error> failure_;
  bool refusing_ = false; ///< J4
};

} // namespace present::storage
