#include "storage/file_spool.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <unistd.h>

namespace present::storage {

namespace {

constexpr std::size_t cipher_block = 16;

struct context_freer {
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }
};

error no_cipher() {
  return make_error(error_code::invalid,
                    "OpenSSL has no AES-256-CTR: check its configuration");
}

} // namespace

result<std::unique_ptr<file_spool>>
file_spool::create(const std::filesystem::path& folder) {
  auto name = (folder / (std::string{name_prefix} + "XXXXXX")).string();
  const int file = mkstemp(name.data());
  if (file < 0)
    return make_error(errno == ENOSPC ? error_code::disk_full
                                      : error_code::invalid,
                      folder.string() + ": making a spool: "
                        + std::generic_category().message(errno));
  unlink(name.c_str());
  std::unique_ptr<file_spool> made{new file_spool{folder, file}};
  if (RAND_priv_bytes(made->key_.data(), static_cast<int>(made->key_.size()))
      != 1)
    return make_error(error_code::invalid, "OpenSSL has no randomness");
  return made;
}

file_spool::~file_spool() {
  OPENSSL_cleanse(key_.data(), key_.size());
  close(file_);
}

status file_spool::append(std::string_view bytes) {
  std::string sealed(bytes.size(), '\0');
  if (status ok = cross(size_, bytes, sealed.data()); !ok)
    return ok;
  for (std::size_t done = 0; done < sealed.size();) {
    const auto wrote = pwrite(file_, sealed.data() + done, sealed.size() - done,
                              static_cast<off_t>(size_ + done));
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote < 0)
      return problem("writing");
    done += static_cast<std::size_t>(wrote);
  }
  size_ += bytes.size();
  return success();
}

result<std::string> file_spool::read(std::uint64_t offset,
                                     std::size_t count) const {
  if (offset > size_ || count > size_ - offset)
    return make_error(error_code::damaged, "a spool ends too early");
  std::string sealed(count, '\0');
  for (std::size_t done = 0; done < count;) {
    const auto got = pread(file_, sealed.data() + done, count - done,
                           static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return problem("reading");
    done += static_cast<std::size_t>(got);
  }
  std::string plain(count, '\0');
  if (status ok = cross(offset, sealed, plain.data()); !ok)
    return ok.problem();
  return plain;
}

status file_spool::cross(std::uint64_t offset, std::string_view from,
                         char* to) const {
  // The counter is the number of the cipher's block, big-endian.
  std::array<unsigned char, cipher_block> counter{};
  for (std::size_t i = 0; i < sizeof offset; ++i)
    counter[cipher_block - 1 - i]
      = static_cast<unsigned char>((offset / cipher_block) >> (8 * i));
  const std::unique_ptr<EVP_CIPHER_CTX, context_freer> context{
    EVP_CIPHER_CTX_new()};
  if (!context
      || EVP_EncryptInit_ex(context.get(), EVP_aes_256_ctr(), nullptr,
                            key_.data(), counter.data())
           != 1)
    return no_cipher();
  std::array<unsigned char, cipher_block> skipped{};
  int done = 0;
  if (EVP_EncryptUpdate(context.get(), skipped.data(), &done, skipped.data(),
                        static_cast<int>(offset % cipher_block))
        != 1
      || EVP_EncryptUpdate(context.get(), reinterpret_cast<unsigned char*>(to),
                           &done,
                           reinterpret_cast<const unsigned char*>(from.data()),
                           static_cast<int>(from.size()))
           != 1)
    return no_cipher();
  return success();
}

error file_spool::problem(std::string_view doing) const {
  const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  return make_error(full ? error_code::disk_full : error_code::damaged,
                    folder_.string() + ": " + std::string{doing} + " a spool: "
                      + std::generic_category().message(errno));
}

} // namespace present::storage
