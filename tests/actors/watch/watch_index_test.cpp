#include "actors/watch/watch_index.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <vector>

using namespace present::watching;

namespace {

struct known_watch {
  std::string pattern;
  bool is_prefix = false;
};

std::vector<watch_tag> found_by(const watch_index& index, const std::string& key) {
  std::vector<watch_tag> tags;
  index.visit(key, [&](watch_tag tag) { tags.push_back(tag); });
  std::sort(tags.begin(), tags.end());
  return tags;
}

std::vector<watch_tag> found_by_looking(const std::map<watch_tag, known_watch>& all,
                                        const std::string& key) {
  std::vector<watch_tag> tags;
  for (const auto& [tag, each] : all)
    if (each.is_prefix ? key.starts_with(each.pattern) : key == each.pattern)
      tags.push_back(tag);
  return tags;
}

/// Short, of few letters: so that they meet.
std::string any_key() {
  return *rc::gen::resize(4, rc::gen::container<std::string>(rc::gen::elementOf(
    std::string{"ab\xff"} + '\0')));
}

} // namespace

TEST_CASE("the index finds the same watches as a look at all of them (X1)") {
  CHECK(rc::check([] {
    watch_index index;
    std::map<watch_tag, known_watch> all;
    for (watch_tag tag = 1; tag <= 60; ++tag) {
      if (!all.empty() && *rc::gen::inRange(0, 3) == 0) {
        auto gone = all.begin();
        std::advance(gone, *rc::gen::inRange<std::size_t>(0, all.size()));
        index.erase(gone->first, gone->second.pattern, gone->second.is_prefix);
        all.erase(gone);
      } else {
        all[tag] = {any_key(), *rc::gen::arbitrary<bool>()};
        index.insert(tag, all[tag].pattern, all[tag].is_prefix);
      }
      const auto key = any_key();
      RC_ASSERT(found_by(index, key) == found_by_looking(all, key));
    }
    for (const auto& [tag, each] : all)
      index.erase(tag, each.pattern, each.is_prefix);
    RC_ASSERT(index.is_empty());
  }));
}
