#pragma once

#include "storage/gcm_key.hpp"
#include "storage/key_provider.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/seal.hpp"

#include <atomic>
#include <map>
#include <mutex>

/// The keys of one LMDB environment (P26).
///
///     provider's key ──wraps──▶ data key ──HKDF(salt of an opening)──▶ key of it
///
/// I1  Each opening of the environment has a fresh random salt that is durable
///     before anything is encrypted under its key.
/// I2  A nonce is a number counted in memory from zero: with I1 none repeats,
///     whatever crashes, restarts or old files come.
///
/// Thread-safe once opened.
namespace present::storage {

class key_ring {
public:
  /// Whether the environment was made with a key ring: then it is opened with
  /// one, or not at all.
  static result<bool> is_encrypted(const lmdb_env& env);

  /// Begins an opening. An environment that holds nothing beyond its identity
  /// gets a data key; any other must have one. `purpose` names the environment.
  /// A data key that an older key of the provider wraps is wrapped anew.
  static result<std::unique_ptr<key_ring>> open(lmdb_env& env,
                                                const key_provider& provider,
                                                const std::string& purpose);

  struct nonce {
    std::uint32_t opening = 0;
    std::uint64_t number = 0;
  };

  /// Writes `head`, `body` and `gcm_key::tag_bytes` bytes to `out`.
  result<nonce> encrypt(std::string_view associated, std::string_view head,
                        std::string_view body, char* out);

  /// `damaged` if the bytes aren't what was encrypted.
  status decrypt(const nonce& used, std::string_view associated,
                 std::string_view sealed, char* out);

private:
  explicit key_ring(std::string purpose) : purpose_(std::move(purpose)) {}

  status read(const lmdb_env& env, const key_provider& provider);
  status read_keys(const lmdb_env& env, const lmdb_read& txn,
                   const lmdb_row& data_key, const key_provider& provider);
  status begin_opening(lmdb_env& env, const key_provider& provider);
  result<gcm_key*> key_of(std::uint32_t opening);

  std::string purpose_;
  secret_key data_key_;
  bool wrap_ = false; ///< it is new, or wrapped by an older key
  std::map<std::uint32_t, std::string> salts_; ///< fixed once opened
  std::uint32_t opening_ = 0;                  ///< this one
  gcm_key* current_ = nullptr;
  std::atomic<std::uint64_t> counter_ = 0;

  std::mutex lock_; ///< guards `keys_`; keys stay where they are
  std::map<std::uint32_t, std::unique_ptr<gcm_key>> keys_;
};

/// How values of the environment are sealed: encrypted with `keys`, checked
/// without. `invalid` if it was made the other way.
result<seal> seal_of(lmdb_env& env, const key_provider* keys,
                     const std::string& purpose);

} // namespace present::storage
