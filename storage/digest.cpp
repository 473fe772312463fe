#include "storage/digest.hpp"

#include <bit>
#include <cstring>

namespace present::storage {

namespace {

// Odd, half of their bits set, and without pattern: the first digits of pi's
// and e's fractions.
constexpr std::uint64_t first_salt = 0x243f6a8885a308d3;
constexpr std::uint64_t second_salt = 0x13198a2e03707345;
constexpr std::uint64_t third_salt = 0xb7e151628aed2a6b;

__extension__ using wide = unsigned __int128;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<wide>(a) * b;
  return static_cast<std::uint64_t>(product)
         ^ static_cast<std::uint64_t>(product >> 64);
}

static_assert(std::endian::native == std::endian::little,
              "stored hashes are those of little-endian words");

std::uint64_t word(const char* at, std::size_t bytes = 8) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, bytes);
  return value;
}

} // namespace

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) {
  std::uint64_t state = fold(seed ^ first_salt, bytes.size() ^ second_salt);
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 16; at += 16, left -= 16)
    state = fold(word(at) ^ first_salt ^ state, word(at + 8) ^ second_salt)
            ^ std::rotl(state, 29);
  // Each remainder has its own length in `state` already, so zero padding makes
  // no two inputs equal.
  const std::uint64_t low = left >= 8 ? word(at) : (left ? word(at, left) : 0);
  const std::uint64_t high = left > 8 ? word(at + 8, left - 8) : 0;
  state = fold(low ^ third_salt ^ state, high ^ first_salt);
  return fold(state ^ third_salt, second_salt);
}

} // namespace present::storage
