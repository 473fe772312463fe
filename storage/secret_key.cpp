#include "storage/secret_key.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace present::storage {

namespace {

/// A data key for each of 257 environments, the provider's keys, and a few that
/// live for a moment: half of it is enough.
constexpr std::size_t secure_heap_bytes = 32 * 1024;

/// 1: locked. 2: there, but not locked. 0: no secure heap.
int open_secure_heap() {
  static const int state
    = CRYPTO_secure_malloc_initialized()
        ? 1
        : CRYPTO_secure_malloc_init(secure_heap_bytes, secret_key::size);
  return state;
}

struct freer {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

} // namespace

bool secret_key::is_memory_locked() {
  return open_secure_heap() == 1;
}

secret_key::secret_key() {
  open_secure_heap();
  // Falls back to the common heap where there is no secure one, and wipes there
  // too. A full secure heap is a leak of keys: say so.
  bytes_ = static_cast<unsigned char*>(OPENSSL_secure_zalloc(size));
  if (!bytes_)
    throw std::bad_alloc{};
}

secret_key::~secret_key() {
  OPENSSL_secure_clear_free(bytes_, size);
}

secret_key::secret_key(secret_key&& other) noexcept
    : bytes_(std::exchange(other.bytes_, nullptr)) {}

secret_key& secret_key::operator=(secret_key&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

result<secret_key> secret_key::random() {
  secret_key key;
  if (RAND_priv_bytes(key.bytes_, size) != 1)
    return make_error(error_code::invalid,
                      "the system has no randomness for a key");
  return key;
}

result<secret_key> secret_key::derive(std::span<const unsigned char> salt,
                                      std::string_view purpose) const {
  secret_key derived;
  const std::unique_ptr<EVP_KDF, freer> kdf{
    EVP_KDF_fetch(nullptr, "HKDF", nullptr)};
  const std::unique_ptr<EVP_KDF_CTX, freer> context{
    kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr};
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, bytes_, size),
    OSSL_PARAM_construct_octet_string(
      OSSL_KDF_PARAM_SALT, const_cast<unsigned char*>(salt.data()),
      salt.size()),
    OSSL_PARAM_construct_octet_string(
      OSSL_KDF_PARAM_INFO, const_cast<char*>(purpose.data()), purpose.size()),
    OSSL_PARAM_construct_end(),
  };
  if (!context
      || EVP_KDF_derive(context.get(), derived.bytes_, size, parameters) != 1)
    return make_error(error_code::invalid, "OpenSSL can't derive a key (HKDF)");
  return derived;
}

} // namespace present::storage
