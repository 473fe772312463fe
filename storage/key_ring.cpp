#include "storage/key_ring.hpp"

#include "storage/key_codec.hpp"
#include "storage/keys.hpp"
#include "storage/mutant.hpp"

#include <openssl/rand.h>

namespace present::storage {

namespace {

/// The identity and the number of the last commit.
constexpr std::uint64_t rows_of_a_new_environment = 2;

/// What the ring itself stores is no secret, and is only checked.
result<std::string> open_checked(const lmdb_env& env, const lmdb_row& row) {
  auto plain = seal{}.open(row.key, row.value);
  if (!plain)
    return make_error(error_code::damaged, env.file().string()
                                             + ": a row of the key ring: "
                                             + plain.problem().message);
  return plain;
}

status put_checked(lmdb_write& txn, const std::string& key,
                   const std::string& plain) {
  const seal checked;
  std::string sealed(plain.size() + checked.overhead(), '\0');
  if (status ok = checked.close(key, plain, {}, sealed.data()); !ok)
    return ok;
  return txn.put(key, sealed);
}

std::span<const unsigned char> bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

} // namespace

result<bool> key_ring::is_encrypted(const lmdb_env& env) {
  auto txn = env.read();
  if (!txn)
    return txn.problem();
  auto stored = txn->get(environment_keys::data_key());
  if (!stored)
    return stored.problem();
  return stored->has_value();
}

result<std::unique_ptr<key_ring>>
key_ring::open(lmdb_env& env, const key_provider& provider,
               const std::string& purpose) {
  std::unique_ptr<key_ring> ring{new key_ring{purpose}};
  if (status ok = ring->read(env, provider); !ok)
    return ok.problem();
  if (status ok = ring->begin_opening(env, provider); !ok)
    return ok.problem();
  auto current = ring->key_of(ring->opening_);
  if (!current)
    return current.problem();
  ring->current_ = *current;
  return ring;
}

status key_ring::read(const lmdb_env& env, const key_provider& provider) {
  auto txn = env.read();
  if (!txn)
    return txn.problem();
  const auto key = environment_keys::data_key();
  auto stored = txn->get(key);
  if (!stored)
    return stored.problem();
  if (*stored)
    return read_keys(env, *txn, {key, **stored}, provider);
  if (txn->rows() > rows_of_a_new_environment)
    return make_error(error_code::invalid,
                      env.file().string()
                        + ": was made without encryption: open it without a "
                          "key file, or rebuild this replica in a new folder");
  auto fresh = secret_key::random();
  if (!fresh)
    return fresh.problem();
  data_key_ = std::move(*fresh);
  wrap_ = true;
  return success();
}

status key_ring::read_keys(const lmdb_env& env, const lmdb_read& txn,
                           const lmdb_row& data_key,
                           const key_provider& provider) {
  auto plain = open_checked(env, data_key);
  if (!plain)
    return plain.problem();
  auto wrapped = decode_wrapped_key(*plain);
  if (!wrapped)
    return wrapped.problem();
  // The row is as it was written, so if it doesn't open, the file isn't to blame.
  auto key = provider.unwrap(*wrapped, purpose_);
  if (!key)
    return make_error(error_code::invalid, env.file().string() + ": "
                                             + key.problem().message);
  data_key_ = std::move(*key);
  wrap_ = wrapped->wrapped_by != provider.current();
  auto cursor = txn.cursor();
  if (!cursor)
    return cursor.problem();
  auto row = cursor->seek(environment_keys::opening(0));
  for (; row && *row; row = cursor->step()) {
    const auto opening = environment_keys::opening_of((*row)->key);
    if (!opening)
      break;
    auto salt_row = open_checked(env, **row);
    auto salt = salt_row ? decode_salt(*salt_row) : salt_row.problem();
    if (!salt)
      return salt.problem();
    salts_[*opening] = std::move(*salt);
  }
  return row ? success() : status{row.problem()};
}

status key_ring::begin_opening(lmdb_env& env, const key_provider& provider) {
  opening_ = salts_.empty() ? 1 : salts_.rbegin()->first + 1;
  std::string salt(secret_key::size, '\0');
  if (!mutated(mutant::same_salt)
      && RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()),
                    static_cast<int>(salt.size()))
           != 1)
    return make_error(error_code::invalid, "the system has no randomness");
  status done = env.write([&](lmdb_write& txn) -> status {
    if (wrap_) {
      auto wrapped = provider.wrap(data_key_, purpose_);
      if (!wrapped)
        return wrapped.problem();
      if (status ok = put_checked(txn, environment_keys::data_key(),
                                  encode_wrapped_key(*wrapped));
          !ok)
        return ok;
    }
    return put_checked(txn, environment_keys::opening(opening_), encode_salt(salt));
  });
  if (done)
    salts_[opening_] = std::move(salt);
  return done;
}

result<gcm_key*> key_ring::key_of(std::uint32_t opening) {
  const std::scoped_lock lock{lock_};
  if (const auto known = keys_.find(opening); known != keys_.end())
    return known->second.get();
  const auto salt = salts_.find(opening);
  if (salt == salts_.end())
    return make_error(error_code::damaged,
                      "encrypted in an opening that the environment doesn't "
                      "know: "
                        + std::to_string(opening));
  auto derived = data_key_.derive(bytes_of(salt->second), purpose_);
  if (!derived)
    return derived.problem();
  auto made = gcm_key::make(*derived);
  if (!made)
    return made.problem();
  return keys_.emplace(opening, std::move(*made)).first->second.get();
}

result<key_ring::nonce> key_ring::encrypt(std::string_view associated,
                                          std::string_view head,
                                          std::string_view body, char* out) {
  const nonce fresh{opening_, counter_.fetch_add(1)};
  if (status ok = current_->encrypt(fresh.number, associated, head, body, out);
      !ok)
    return ok.problem();
  return fresh;
}

status key_ring::decrypt(const nonce& used, std::string_view associated,
                         std::string_view sealed, char* out) {
  auto key = used.opening == opening_ ? result<gcm_key*>{current_}
                                      : key_of(used.opening);
  if (!key)
    return key.problem();
  if (!(*key)->decrypt(used.number, associated, sealed, out))
    return make_error(error_code::damaged, "its check fails");
  return success();
}

result<seal> seal_of(lmdb_env& env, const key_provider* keys,
                     const std::string& purpose) {
  if (keys) {
    auto ring = key_ring::open(env, *keys, purpose);
    if (!ring)
      return ring.problem();
    return seal{std::move(*ring)};
  }
  auto encrypted = key_ring::is_encrypted(env);
  if (!encrypted)
    return encrypted.problem();
  if (*encrypted)
    return make_error(error_code::invalid,
                      env.file().string()
                        + ": is encrypted: name the key file that it was made "
                          "with");
  return seal{};
}

} // namespace present::storage
