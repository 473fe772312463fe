#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <span>
#include <string_view>

/// 256 bits that nobody else is to see: kept in OpenSSL's secure heap (locked in
/// memory, between guard pages, left out of core dumps) and wiped when they go.
/// Moves, and is never copied by accident.
namespace present::storage {

class secret_key {
public:
  static constexpr std::size_t size = 32;

  /// All zero.
  secret_key();
  ~secret_key();
  secret_key(secret_key&& other) noexcept;
  secret_key& operator=(secret_key&& other) noexcept;

  /// `invalid` if the system has no randomness to give.
  static result<secret_key> random();

  /// HKDF-SHA256 (RFC 5869): another key for each salt and purpose.
  result<secret_key> derive(std::span<const unsigned char> salt,
                            std::string_view purpose) const;

  std::span<unsigned char, size> bytes() {
    return std::span<unsigned char, size>{bytes_, size};
  }
  std::span<const unsigned char, size> bytes() const {
    return std::span<const unsigned char, size>{bytes_, size};
  }

  /// Whether the system let us lock the secure heap in memory (RLIMIT_MEMLOCK).
  static bool is_memory_locked();

private:
  unsigned char* bytes_;
};

} // namespace present::storage
