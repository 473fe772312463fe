#pragma once

#include "storage/lmdb_env.hpp"
#include "storage/state_backend.hpp"

/// A partition's state on disk: one LMDB environment per partition. A checkpoint
/// is one sorted batch and one synchronous commit, mark included.
namespace present::storage {

/// Whose folder this is.
struct state_identity {
  std::string cluster;
  partition_id partition;

  friend bool operator==(const state_identity&,
                         const state_identity&) = default;
};

class lmdb_state_backend final : public state_backend {
public:
  /// Opens the folder, or creates it as `wanted` says; refuses (`invalid`) one
  /// of another cluster or partition, or of a newer format.
  static result<std::unique_ptr<lmdb_state_backend>> open(
    const std::filesystem::path& folder, const state_identity& wanted,
    const lmdb_options& options = {});

  result<std::optional<record>> get(const record_key& key) const override;
  status scan(const record_key& first, const record_key& last,
              const row_visitor& visit) const override;
  status write(const checkpoint& what) override;
  result<raft::snapshot_mark> applied() const override;

private:
  lmdb_state_backend() = default;

  std::unique_ptr<lmdb_env> env_;
};

} // namespace present::storage
