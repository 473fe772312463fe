#include "runtime/edge/entropy.hpp"

#include "runtime/base/splitmix64.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace present::edge {

std::uint64_t entropy::next() {
  std::uint64_t value = 0;
  fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::uint64_t entropy::next_id() {
  for (;;)
    if (const auto id = next(); id != 0)
      return id;
}

std::string entropy::next_hex(std::size_t bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes * 2);
  while (text.size() < bytes * 2) {
    auto value = next();
    for (std::size_t i = 0; i < sizeof value && text.size() < bytes * 2; ++i) {
      text.push_back(digits[value >> 4 & 0xf]);
      text.push_back(digits[value & 0xf]);
      value >>= 8;
    }
  }
  return text;
}

void system_entropy::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const auto count = getrandom(out.data(), out.size(), 0);
    if (count < 0) {
      if (errno == EINTR)
        continue;
      // Going on with predictable keys would be worse than not going on.
      std::abort();
    }
    out = out.subspan(static_cast<std::size_t>(count));
  }
}

entropy& machine_entropy() {
  static system_entropy instance;
  return instance;
}

void seeded_entropy::fill(std::span<std::byte> out) {
  const std::lock_guard hold(mutex_);
  while (!out.empty()) {
    const auto value = splitmix64(state_);
    const auto count = std::min(out.size(), sizeof value);
    std::memcpy(out.data(), &value, count);
    out = out.subspan(count);
  }
}

} // namespace present::edge
