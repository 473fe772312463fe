#pragma once

#include <string>

namespace present {

/// The keys that a user names; what is empty doesn't bound.
struct key_range {
  std::string prefix;
  std::string start;
  std::string end;
};

/// Keys in [first, last); an empty `last` is the end of the space.
struct key_bounds {
  std::string first;
  std::string last;
  /// No key can be in it: an empty `last` can't say so.
  bool is_void = false;
  friend bool operator==(const key_bounds&, const key_bounds&) = default;
};

key_bounds bounds_of(const key_range& range);

/// The least key above `key`.
std::string next_key(std::string key);

} // namespace present
