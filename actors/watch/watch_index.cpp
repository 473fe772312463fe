#include "actors/watch/watch_index.hpp"

#include "runtime/base/check.hpp"

namespace present::watching {

void watch_index::insert(watch_tag tag, const std::string& pattern, bool is_prefix) {
  (is_prefix ? prefixes_ : keys_)[pattern].insert(tag);
  if (is_prefix)
    ++lengths_[pattern.size()];
}

void watch_index::erase(watch_tag tag, const std::string& pattern, bool is_prefix) {
  check(take_out(is_prefix ? prefixes_ : keys_, pattern, tag),
        "X1: a watch is not where it was put");
  if (!is_prefix)
    return;
  const auto length = lengths_.find(pattern.size());
  if (--length->second == 0)
    lengths_.erase(length);
}

bool watch_index::take_out(table& from, const std::string& pattern, watch_tag tag) {
  const auto found = from.find(pattern);
  if (found == from.end() || found->second.erase(tag) == 0)
    return false;
  if (found->second.empty())
    from.erase(found);
  return true;
}

} // namespace present::watching
