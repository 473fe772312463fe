#include "storage/gcm_key.hpp"

#include <cstring>

namespace present::storage {

namespace {

constexpr std::size_t nonce_bytes = 12;

struct nonce_block {
  unsigned char bytes[nonce_bytes] = {};

  explicit nonce_block(std::uint64_t number) {
    std::memcpy(bytes + nonce_bytes - sizeof number, &number, sizeof number);
  }
};

const unsigned char* unsigned_of(const char* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

unsigned char* unsigned_of(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

error broken() {
  return make_error(error_code::invalid, "OpenSSL can't encrypt (AES-256-GCM)");
}

} // namespace

result<std::unique_ptr<gcm_key>> gcm_key::make(const secret_key& key) {
  std::unique_ptr<gcm_key> made{new gcm_key};
  made->encryptor_.reset(EVP_CIPHER_CTX_new());
  made->decryptor_.reset(EVP_CIPHER_CTX_new());
  const auto* bytes = key.bytes().data();
  // Each use sets its nonce; the schedule of the key is made once.
  if (!made->encryptor_ || !made->decryptor_
      || EVP_EncryptInit_ex(made->encryptor_.get(), EVP_aes_256_gcm(), nullptr,
                            bytes, nullptr)
           != 1
      || EVP_DecryptInit_ex(made->decryptor_.get(), EVP_aes_256_gcm(), nullptr,
                            bytes, nullptr)
           != 1)
    return broken();
  return made;
}

status gcm_key::encrypt(std::uint64_t nonce, std::string_view associated,
                        std::string_view head, std::string_view body,
                        char* out) {
  const nonce_block iv{nonce};
  const std::scoped_lock lock{encrypting_};
  auto* cipher = encryptor_.get();
  char* tag = out + head.size() + body.size();
  int written = 0;
  const auto update = [&](char* to, std::string_view from) {
    return from.empty()
           || EVP_EncryptUpdate(cipher, to ? unsigned_of(to) : nullptr,
                                &written, unsigned_of(from.data()),
                                static_cast<int>(from.size()))
                == 1;
  };
  const bool done
    = EVP_EncryptInit_ex(cipher, nullptr, nullptr, nullptr, iv.bytes) == 1
      && update(nullptr, associated) && update(out, head)
      && update(out + head.size(), body)
      && EVP_EncryptFinal_ex(cipher, unsigned_of(tag), &written) == 1
      && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag) == 1;
  return done ? success() : status{broken()};
}

bool gcm_key::decrypt(std::uint64_t nonce, std::string_view associated,
                      std::string_view sealed, char* out) {
  if (sealed.size() < tag_bytes)
    return false;
  const nonce_block iv{nonce};
  const auto text = sealed.substr(0, sealed.size() - tag_bytes);
  char tag[tag_bytes];
  std::memcpy(tag, sealed.data() + text.size(), tag_bytes);
  const std::scoped_lock lock{decrypting_};
  auto* cipher = decryptor_.get();
  int written = 0;
  int rest = 0;
  return EVP_DecryptInit_ex(cipher, nullptr, nullptr, nullptr, iv.bytes) == 1
         && EVP_DecryptUpdate(cipher, nullptr, &written,
                              unsigned_of(associated.data()),
                              static_cast<int>(associated.size()))
              == 1
         && EVP_DecryptUpdate(cipher, unsigned_of(out), &written,
                              unsigned_of(text.data()),
                              static_cast<int>(text.size()))
              == 1
         && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag)
              == 1
         && EVP_DecryptFinal_ex(cipher, unsigned_of(out) + written, &rest) == 1;
}

} // namespace present::storage
