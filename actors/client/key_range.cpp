#include "actors/client/key_range.hpp"

#include <algorithm>

namespace present {

namespace {

/// The first key behind all that begin with `prefix`; empty: there is none.
std::string end_of_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff)
    prefix.pop_back();
  if (!prefix.empty())
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

} // namespace

key_bounds bounds_of(const key_range& range) {
  key_bounds bounds;
  bounds.first = std::max(range.prefix, range.start);
  bounds.last = end_of_prefix(range.prefix);
  if (!range.end.empty() && (bounds.last.empty() || range.end < bounds.last))
    bounds.last = range.end;
  bounds.is_void = !bounds.last.empty() && bounds.last <= bounds.first;
  return bounds;
}

std::string next_key(std::string key) {
  return std::move(key) + '\0';
}

} // namespace present
