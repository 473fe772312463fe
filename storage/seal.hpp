#pragma once

#include "runtime/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// Turns bytes into bytes that can't be taken for others: what every value in
/// LMDB is wrapped in, since LMDB 0.9 has no checks of its own on pages.
///
///   01 hash:8 plain     checked: the hash is over `place` and the plain bytes
///
/// `place` says where the bytes belong (environment and key), so that a value
/// that turns up under another key is found as well.
namespace present::storage {

class seal {
public:
  /// Bytes that a sealed value is longer than the plain one.
  std::size_t overhead() const;

  /// Writes `plain.size() + overhead()` bytes to `out`.
  void close(std::string_view place, std::string_view plain, char* out) const;

  /// The plain bytes; `damaged` if they aren't what was sealed for this place.
  result<std::string> open(std::string_view place,
                           std::string_view sealed) const;
};

} // namespace present::storage
