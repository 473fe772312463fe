#pragma once

#include "actors/client/client_call.hpp"
#include "runtime/base/error.hpp"

#include <string>
#include <string_view>

/// How people write down a lock: SPACE/NAME, which lives where the key NAME of that space
/// lives, or NAME alone, which is of the space `locks`. That one is made when it is first
/// needed.
namespace present::client {

inline constexpr std::string_view default_lock_space = "locks";

struct lock_name {
  std::string space;
  std::string key;
  friend bool operator==(const lock_name&, const lock_name&) = default;
};

result<lock_name> parse_lock_name(std::string_view text);

/// LOCK:TOKEN, the token as a number.
result<fence_name> parse_fence(std::string_view text);

} // namespace present::client
