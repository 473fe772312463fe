#pragma once

#include "storage/scrub_pass.hpp"
#include "storage/sealed_env.hpp"
#include "storage/state_backend.hpp"
#include "storage/state_identity.hpp"

/// A partition's state on disk: one LMDB environment per partition. A checkpoint
/// is one sorted batch and one synchronous commit, mark included.
namespace present::storage {

class lmdb_state_backend final : public state_backend {
public:
  /// Opens the folder, or creates it as `wanted` says; refuses one of another
  /// cluster or partition or of a newer format (`invalid`), and one of another
  /// store (`too_old`: of no use to this one). With `keys` what is in it is
  /// encrypted, from the first opening on or never (P26); they are used only
  /// during the call.
  static result<std::unique_ptr<lmdb_state_backend>> open(
    const std::filesystem::path& folder, const state_identity& wanted,
    const lmdb_options& options = {}, const key_provider* keys = nullptr);

  result<std::optional<record>> get(const record_key& key) const override;
  status scan(const record_key& first, const record_key& last,
              const row_visitor& visit) const override;
  status write(const checkpoint& what) override;
  result<raft::snapshot_mark> applied() const override;
  state_digest digest() const override { return digest_; }
  result<scrub_report> scrub(std::size_t max_rows) override;

private:
  explicit lmdb_state_backend(std::unique_ptr<sealed_env> env)
      : env_(std::move(env)) {}

  status read_digest();
  error damaged(const std::string& what, const error& why) const;

  /// A row is its record's digest and the record, sealed together: so a
  /// checkpoint can take the old digest out without decoding the old record.
  struct plain_row {
    std::uint64_t digest = 0;
    std::string bytes; ///< digest and message
  };
  result<plain_row> open_row(const record_key& key,
                             std::string_view stored) const;
  result<record> read_record(const record_key& key,
                             std::string_view stored) const;

  /// What a checkpoint makes of digest and scrub, taken over when it is durable.
  struct sums {
    state_digest digest;
    scrub_pass pass;
  };
  status write_change(lmdb_write& txn, sums& after, const record_key& key,
                      const std::optional<record>& change) const;

  std::unique_ptr<sealed_env> env_;
  state_digest digest_; ///< the writer's, as is `pass_`
  scrub_pass pass_;
};

} // namespace present::storage
