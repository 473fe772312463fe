#pragma once

#include "storage/lmdb_env.hpp"
#include "storage/seal.hpp"
#include "storage/state_backend.hpp"
#include "storage/state_identity.hpp"

/// A partition's state on disk: one LMDB environment per partition. A checkpoint
/// is one sorted batch and one synchronous commit, mark included.
namespace present::storage {

class lmdb_state_backend final : public state_backend {
public:
  /// Opens the folder, or creates it as `wanted` says; refuses (`invalid`) one
  /// of another cluster, partition or store, or of a newer format.
  static result<std::unique_ptr<lmdb_state_backend>> open(
    const std::filesystem::path& folder, const state_identity& wanted,
    const lmdb_options& options = {});

  result<std::optional<record>> get(const record_key& key) const override;
  status scan(const record_key& first, const record_key& last,
              const row_visitor& visit) const override;
  status write(const checkpoint& what) override;
  result<raft::snapshot_mark> applied() const override;

private:
  explicit lmdb_state_backend(std::unique_ptr<lmdb_env> env)
      : env_(std::move(env)) {}

  status adopt(const state_identity& wanted);
  status create();
  status check_identity(const lmdb_row& first) const;
  std::string place_of(std::string_view key) const;
  status put_sealed(lmdb_write& txn, std::string_view key,
                    std::string_view plain) const;
  result<record> read_record(const record_key& key,
                             std::string_view stored) const;

  std::unique_ptr<lmdb_env> env_;
  state_identity identity_;
  seal seal_;
};

} // namespace present::storage
