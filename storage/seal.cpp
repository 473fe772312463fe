#include "storage/seal.hpp"

#include "storage/digest.hpp"

#include <cstring>

namespace present::storage {

namespace {

constexpr char checked = 1;
constexpr std::size_t header = 1 + sizeof(std::uint64_t);

} // namespace

std::size_t seal::overhead() const {
  return header;
}

void seal::close(std::string_view place, std::string_view plain,
                 char* out) const {
  const auto hash = hash_bytes(plain, hash_bytes(place));
  out[0] = checked;
  std::memcpy(out + 1, &hash, sizeof hash);
  std::memcpy(out + header, plain.data(), plain.size());
}

result<std::string> seal::open(std::string_view place,
                               std::string_view sealed) const {
  if (sealed.size() < header)
    return make_error(error_code::damaged, "too short to be a sealed value");
  if (sealed[0] != checked)
    return make_error(error_code::damaged,
                      "sealed in an unknown way ("
                        + std::to_string(static_cast<int>(sealed[0])) + ")");
  std::uint64_t hash = 0;
  std::memcpy(&hash, sealed.data() + 1, sizeof hash);
  const auto plain = sealed.substr(header);
  if (hash != hash_bytes(plain, hash_bytes(place)))
    return make_error(error_code::damaged, "its check fails");
  return std::string{plain};
}

} // namespace present::storage
