#pragma once

#include "runtime/base/error.hpp"
#include "runtime/network/http_message.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace present::http {

/// Reads a request's query strictly: a parameter that nobody asked for, or one that
/// is given twice, is an error, as is a value that can't be read. Remembers the
/// first thing that is wrong. Not thread-safe.
class query_reader {
public:
  explicit query_reader(const network::http_target& target) : target_(target) {}

  /// Empty if it isn't given.
  std::optional<std::string> text(std::string_view name);
  /// Decimal, from `least` to `most`. Above: `too_large` if `is_limit`, as of all
  /// limits, else `invalid`.
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t least,
                                      std::uint64_t most, bool is_limit = false);
  /// "true" or "false"; without a value it is true.
  bool flag(std::string_view name);

  void complain(error what);
  /// Call when all is read: what was never asked for is wrong then.
  std::optional<error> problem();

private:
  const network::http_target& target_;
  std::set<std::string, std::less<>> known_;
  std::optional<error> problem_;
};

} // namespace present::http
