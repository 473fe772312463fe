#pragma once

#include "actors/node/node_config.hpp"
#include "actors/partition/replica_message.hpp"
#include "storage/folder_lock.hpp"
#include "storage/journal.hpp"
#include "storage/key_file.hpp"
#include "storage/state_home.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace present {

/// The files of one node, opened for its actors.
///
///   <data>/lock                 held while the node runs
///   <data>/journal/             one environment for all partitions; `damaged.mdb`:
///                               the last that was set aside
///   <data>/state/<partition>/   one environment per partition
///
/// LMDB allows one opening of an environment per process. A state that is still
/// held (by a checkpoint on its way) is shared with the replica's next life, which
/// is the business of its home; the journal is opened anew, for after a failed
/// commit nothing but the file is to be believed (rule 12).
///
/// Thread-safe.
class node_storage {
public:
  explicit node_storage(const node_config& config);

  /// Reads the storage keys, opens the journal and so learns whose folder this is.
  /// A journal that can't be trusted is set aside: see `set_aside`.
  status open();
  storage::store_identity identity() const { return identity_; }
  /// Of the opening that `open` made; one that an actor makes later is the same life.
  partition::store_life life() const { return {identity_.boot, opening_}; }
  /// Why `open` set a damaged journal aside and began another store. What a store has
  /// promised (term, vote) can't be had from anywhere else, so the old one must not
  /// speak again; the new one is let in as one that has nothing (P19, rule 16).
  const std::optional<error>& set_aside() const { return set_aside_; }

  /// Whether there is next to none left for all this.
  bool is_out_of_room() const;

  result<std::shared_ptr<storage::journal_store>> open_journal();
  std::shared_ptr<storage::state_home> home_of(partition_id partition);

  result<std::vector<partition_id>> partitions_on_disk() const;
  /// `overloaded` while somebody holds it.
  status remove_state(partition_id partition);

private:
  status open_trusted_journal();
  result<std::unique_ptr<storage::journal>> make_journal() const;
  status set_journal_aside() const;

  const std::filesystem::path data_;
  const std::string cluster_;
  const node_id self_;
  const std::filesystem::path storage_key_;
  storage::folder_lock lock_;               ///< constant after `open`
  std::unique_ptr<storage::key_file> keys_; ///< constant after `open`
  storage::store_identity identity_;
  const std::uint64_t opening_;
  std::optional<error> set_aside_; ///< constant after `open`

  std::mutex mutex_;
  // Guarded by mutex_.
  std::shared_ptr<storage::journal_store> opened_; ///< until the first actor takes it
  std::map<partition_id, std::shared_ptr<storage::state_home>> homes_;
};

} // namespace present
