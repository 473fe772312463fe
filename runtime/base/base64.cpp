#include "runtime/base/base64.hpp"

#include <array>
#include <cstdint>

namespace present {

namespace {

constexpr std::string_view alphabet
  = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_values() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t place = 0; place < alphabet.size(); ++place)
    values[static_cast<unsigned char>(alphabet[place])]
      = static_cast<std::int8_t>(place);
  return values;
}

constexpr auto values = make_values();

std::uint8_t byte_at(std::string_view bytes, std::size_t place) {
  return place < bytes.size() ? static_cast<std::uint8_t>(bytes[place]) : 0;
}

/// Length of the well-formed sequence at the front of `bytes`; 0 if there is none.
std::size_t utf8_sequence(std::string_view bytes) {
  const auto first = byte_at(bytes, 0);
  if (first < 0x80)
    return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < length)
    return 0;
  for (std::size_t place = 1; place < length; ++place)
    if ((byte_at(bytes, place) & 0xc0) != 0x80)
      return 0;
  // The second byte rules out what is overlong, a surrogate or too high.
  const auto second = byte_at(bytes, 1);
  const bool wrong = (first == 0xe0 && second < 0xa0)
                     || (first == 0xed && second > 0x9f)
                     || (first == 0xf0 && second < 0x90)
                     || (first == 0xf4 && second > 0x8f);
  return wrong ? 0 : length;
}

} // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t place = 0; place < bytes.size(); place += 3) {
    const std::uint32_t group = static_cast<std::uint32_t>(byte_at(bytes, place)) << 16
                                | static_cast<std::uint32_t>(byte_at(bytes, place + 1)) << 8
                                | byte_at(bytes, place + 2);
    const auto left = bytes.size() - place;
    text += alphabet[group >> 18];
    text += alphabet[group >> 12 & 63];
    text += left > 1 ? alphabet[group >> 6 & 63] : '=';
    text += left > 2 ? alphabet[group & 63] : '=';
  }
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  if (text.size() % 4 != 0)
    return std::nullopt;
  for (std::size_t place = 0; place < text.size(); place += 4) {
    auto quad = text.substr(place, 4);
    std::size_t padding = 0;
    if (place + 4 == text.size())
      while (padding < 2 && quad[3 - padding] == '=')
        ++padding;
    std::uint32_t group = 0;
    for (std::size_t digit = 0; digit < 4; ++digit) {
      const auto value = digit >= 4 - padding ? std::int8_t{0}
                         : values[byte_at(quad, digit)];
      if (value < 0)
        return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(value);
    }
    for (std::size_t byte = 0; byte < 3 - padding; ++byte)
      bytes += static_cast<char>(group >> (16 - 8 * byte) & 0xff);
  }
  // Two texts must not stand for the same bytes.
  if (to_base64(bytes) != text)
    return std::nullopt;
  return bytes;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto length = utf8_sequence(bytes);
    if (length == 0)
      return false;
    bytes.remove_prefix(length);
  }
  return true;
}

} // namespace present
