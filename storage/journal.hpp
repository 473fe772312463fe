#pragma once

#include "storage/admitted_batch.hpp"
#include "storage/journal_store.hpp"
#include "storage/log_extent.hpp"
#include "storage/sealed_env.hpp"

#include <map>

/// The journal on disk: one LMDB environment for all partitions of a node. One
/// `append` is one synchronous commit. Keys: keys.hpp; bytes: schemas/log.capnp.
namespace present::storage {

class journal final : public journal_store {
public:
  /// Opens the folder, or creates it as `wanted` says. An existing folder must
  /// be of the wanted cluster and node and not of a newer format (`invalid`, and
  /// the message says which of them and what to do); its store id counts, not the
  /// wanted one, and its boot number rises. With `keys` what is in it is
  /// encrypted, from the first opening on or never (P26); they are used only
  /// during the call.
  static result<std::unique_ptr<journal>> open(
    const std::filesystem::path& folder, const store_identity& wanted,
    const lmdb_options& options = {}, const key_provider* keys = nullptr);

  /// Whether all can be read that only this node knows: term, vote and mark of each
  /// partition, and the map. Entries are not looked at: peers have them (rule 15).
  /// `damaged`: this store must not go on.
  status check_own_word() const;

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
  result<std::optional<std::string>> read_map() const override;
  status write_map(const std::string& map) override;

private:
  journal() = default;

  result<stored_owner> adopt(const std::optional<std::string>& found,
                             const store_identity& wanted);
  error damaged_at(partition_id partition, const std::string& what) const;

  struct head {
    raft::hard_state hard;
    raft::snapshot_mark mark;
    log_extent extent;
  };
  /// Nothing if the partition was never written.
  result<std::optional<head>> read_head(const lmdb_read& txn,
                                        partition_id partition) const;
  result<log_extent> extent_of(partition_id partition) const;
  result<raft::entry> read_entry(partition_id partition, log_index index,
                                 const std::optional<lmdb_row>& stored) const;
  status write_one(lmdb_write& txn, const journal_write& write,
                   const log_extent& before, const log_extent& after) const;
  status commit(const std::function<status(lmdb_write&)>& body);

  std::unique_ptr<sealed_env> env_;
  store_identity identity_;
  std::map<partition_id, log_extent> extents_; ///< of what was opened so far
  write_chains chains_;                        ///< J5
  bool refusing_ = false;                      ///< J4
};

} // namespace present::storage
