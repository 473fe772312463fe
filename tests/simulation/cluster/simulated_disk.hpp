#pragma once

#include "storage/memory_journal.hpp"
#include "storage/memory_state_home.hpp"
#include "tests/simulation/cluster/process.hpp"
#include "tests/simulation/seeded_random.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace present::simulation::cluster {

/// A node's disk: survives the node's lives. What the product's stores promise is
/// kept here by the twins of storage/, each write durable before it returns; what
/// may go wrong with a disk goes wrong here.
///
/// A write takes its time before it happens (`stage`'s hesitation), so a crash
/// meanwhile loses it; or, if the disk had it already, keeps it though nobody heard.
class simulated_disk {
public:
  simulated_disk(storage::store_identity whose, seeded_random& random)
      : journal_(std::move(whose)), random_(random) {}

  /// A state has become durable: a checkpoint, or a snapshot that was installed.
  struct written_state {
    partition_id partition;
    raft::snapshot_mark mark;
    storage::state_digest digest;
    bool is_installed = false;
  };
  using state_written = std::function<void(const written_state&)>;
  void set_state_written(state_written tell) { tell_ = std::move(tell); }

  /// The doors for one life of the node. Each opening of the journal reads the file
  /// anew and knows nothing of an earlier one's failure.
  result<std::shared_ptr<storage::journal_store>> open_journal(process& life);
  std::shared_ptr<storage::state_home> home_of(process& life, partition_id partition);

  std::vector<partition_id> partitions_on_disk() const;

  /// Power is lost: what is not durable is gone.
  void crash();
  const storage::store_identity& identity() const { return journal_.identity(); }
  storage::memory_journal& journal() { return journal_; }

  // -- faults ------------------------------------------------------------------

  /// An entry of the log can't be read any more (11). False: there is none.
  bool rot_log(partition_id whose);
  /// The state is gone (11). False: the log has all of it.
  bool lose_state(partition_id whose);
  /// A copy of all that is on it.
  struct files {
    storage::memory_journal journal;
    std::map<partition_id, std::shared_ptr<storage::memory_state_home>> states;
  };
  files copy_files() const;
  /// It is as it was then, after `crash`: the same store, older than its word (fault 12).
  /// False: nothing has been written since.
  bool put_back(files then);
  /// All of it is lost: an empty folder of another store (fault 13).
  void wipe(store_id store);
  /// The next commit of the journal fails, once; whether its bytes reached the disk
  /// is chance (fault 9).
  void fail_next_sync() { sync_fails_ = true; }
  /// Nothing more fits until then (fault 10).
  void fill_until(std::uint64_t when) { full_until_ = when; }
  /// What the disk takes for each write until then, besides the usual (9).
  void slow_until(std::uint64_t when, std::uint64_t by);
  void repair() {
    sync_fails_ = false;
    full_until_ = slow_until_ = 0;
  }
  /// How long the next write takes.
  std::uint64_t write_time(const timeline& time);

  std::uint64_t syncs_failed() const { return syncs_failed_; }
  std::uint64_t writes_refused() const { return writes_refused_; }
  std::uint64_t writes_slowed() const { return writes_slowed_; }

private:
  class journal_door;
  class state_door;
  class home_door;
  struct partition_state {
    storage::memory_state_home home;
    std::weak_ptr<storage::state_backend> opened; ///< H3: one at a time
    bool is_condemned = false; ///< of one life: forgotten when it ends
  };

  std::vector<status> append(std::span<const storage::journal_write> batch, bool is_full,
                             bool& refusing);
  bool refuses_as_full(const process& life);
  bool takes_sync_failure();

  storage::memory_journal journal_;
  std::map<partition_id, partition_state> states_;
  seeded_random& random_;
  state_written tell_;
  bool sync_fails_ = false;
  std::uint64_t full_until_ = 0;
  std::uint64_t slow_until_ = 0;
  std::uint64_t slow_by_ = 0;
  std::uint64_t syncs_failed_ = 0;
  std::uint64_t writes_refused_ = 0;
  std::uint64_t writes_slowed_ = 0;
};

} // namespace present::simulation::cluster
