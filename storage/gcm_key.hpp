#pragma once

#include "storage/secret_key.hpp"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

/// AES-256-GCM under one key, whose nonces are numbers that the caller never
/// gives twice. Thread-safe. The key itself is not kept: only OpenSSL's schedule
/// of it, which OpenSSL wipes.
namespace present::storage {

class gcm_key {
public:
  static constexpr std::size_t tag_bytes = 16;

  static result<std::unique_ptr<gcm_key>> make(const secret_key& key);

  /// The plain bytes are `head` and `body`. Writes their size and `tag_bytes`
  /// bytes to `out`.
  status encrypt(std::uint64_t nonce, std::string_view associated,
                 std::string_view head, std::string_view body, char* out);

  /// Writes `sealed.size() - tag_bytes` bytes to `out`. False if the bytes, the
  /// associated data or the nonce aren't those of `encrypt`: then `out` means
  /// nothing.
  bool decrypt(std::uint64_t nonce, std::string_view associated,
               std::string_view sealed, char* out);

private:
  struct freer {
    void operator()(EVP_CIPHER_CTX* context) const {
      EVP_CIPHER_CTX_free(context);
    }
  };
  using context_ptr = std::unique_ptr<EVP_CIPHER_CTX, freer>;

  gcm_key() = default;

  std::mutex encrypting_; ///< guards `encryptor_`
  context_ptr encryptor_;
  std::mutex decrypting_; ///< guards `decryptor_`
  context_ptr decryptor_;
};

} // namespace present::storage
