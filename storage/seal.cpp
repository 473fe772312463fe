#include "storage/seal.hpp"

#include "storage/digest.hpp"
#include "storage/key_ring.hpp"

#include <algorithm>
#include <cstring>

namespace present::storage {

namespace {

constexpr char checked = 1;
constexpr std::size_t checked_header = 1 + sizeof(std::uint64_t);

constexpr char encrypted = 2;
constexpr std::size_t encrypted_header
  = 1 + sizeof(std::uint32_t) + sizeof(std::uint64_t);

void close_checked(std::string_view place, std::string_view head,
                   std::string_view body, char* out) {
  char* plain = out + checked_header;
  std::copy(head.begin(), head.end(), plain);
  std::copy(body.begin(), body.end(), plain + head.size());
  const auto hash
    = hash_bytes({plain, head.size() + body.size()}, hash_bytes(place));
  out[0] = checked;
  std::memcpy(out + 1, &hash, sizeof hash);
}

result<std::string> open_checked(std::string_view place,
                                 std::string_view sealed) {
  if (sealed.size() < checked_header)
    return make_error(error_code::damaged, "too short to be a sealed value");
  std::uint64_t hash = 0;
  std::memcpy(&hash, sealed.data() + 1, sizeof hash);
  const auto plain = sealed.substr(checked_header);
  if (hash != hash_bytes(plain, hash_bytes(place)))
    return make_error(error_code::damaged, "its check fails");
  return std::string{plain};
}

status close_encrypted(key_ring& keys, std::string_view place,
                       std::string_view head, std::string_view body,
                       char* out) {
  auto used = keys.encrypt(place, head, body, out + encrypted_header);
  if (!used)
    return used.problem();
  out[0] = encrypted;
  std::memcpy(out + 1, &used->opening, sizeof used->opening);
  std::memcpy(out + 1 + sizeof used->opening, &used->number,
              sizeof used->number);
  return success();
}

result<std::string> open_encrypted(key_ring& keys, std::string_view place,
                                   std::string_view sealed) {
  if (sealed.size() < encrypted_header + gcm_key::tag_bytes)
    return make_error(error_code::damaged, "too short to be a sealed value");
  key_ring::nonce used;
  std::memcpy(&used.opening, sealed.data() + 1, sizeof used.opening);
  std::memcpy(&used.number, sealed.data() + 1 + sizeof used.opening,
              sizeof used.number);
  sealed.remove_prefix(encrypted_header);
  std::string plain(sealed.size() - gcm_key::tag_bytes, '\0');
  if (status ok = keys.decrypt(used, place, sealed, plain.data()); !ok)
    return ok.problem();
  return plain;
}

} // namespace

seal::seal() = default;

seal::seal(std::shared_ptr<key_ring> keys) : keys_(std::move(keys)) {}

std::size_t seal::overhead() const {
  return keys_ ? encrypted_header + gcm_key::tag_bytes : checked_header;
}

status seal::close(std::string_view place, std::string_view head,
                   std::string_view body, char* out) const {
  if (keys_)
    return close_encrypted(*keys_, place, head, body, out);
  close_checked(place, head, body, out);
  return success();
}

result<std::string> seal::open(std::string_view place,
                               std::string_view sealed) const {
  if (sealed.empty())
    return make_error(error_code::damaged, "too short to be a sealed value");
  if (keys_ && sealed[0] == encrypted)
    return open_encrypted(*keys_, place, sealed);
  if (!keys_ && sealed[0] == checked)
    return open_checked(place, sealed);
  return make_error(error_code::damaged,
                    "sealed in a way that isn't this environment's ("
                      + std::to_string(static_cast<int>(sealed[0])) + ")");
}

} // namespace present::storage
