#pragma once

#include "storage/journal_store.hpp"
#include "storage/lmdb_env.hpp"

#include <map>

/// The journal on disk: one LMDB environment for all partitions of a node. One
/// `append` is one synchronous commit. Keys: keys.hpp; bytes: schemas/log.capnp.
namespace present::storage {

class journal final : public journal_store {
public:
  /// Opens the folder, or creates it as `wanted` says. An existing folder must
  /// be of the wanted cluster and node and not of a newer format (`invalid`, and
  /// the message says which of them and what to do); its store id counts, not the
  /// wanted one, and its boot number rises.
  static result<std::unique_ptr<journal>> open(
    const std::filesystem::path& folder, const store_identity& wanted,
    const lmdb_options& options = {});

  const store_identity& identity() const override { return identity_; }
  result<std::vector<partition_id>> partitions() const override;
  result<raft::recovered_state> recover(partition_id partition) override;
  status append(std::span<const journal_write> batch) override;
  result<std::vector<raft::entry>> load(partition_id partition, log_index first,
                                        std::uint64_t max_bytes) const override;
  result<std::vector<log_index>> scrub(partition_id partition) const override;
  status forget(partition_id partition) override;

private:
  journal() = default;

  std::unique_ptr<lmdb_env> env_;
  store_identity identity_;
  bool refusing_ = false; ///< J4
};

} // namespace present::storage
