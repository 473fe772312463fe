#include "actors/client/cluster_map.hpp"

#include <algorithm>
#include <tuple>

namespace present {

const cluster_map::range* cluster_map::range_of(space_id space,
                                                std::string_view key) const {
  const auto after = std::upper_bound(
    ranges.begin(), ranges.end(), std::tuple{space, key},
    [](const auto& wanted, const range& r) {
      return wanted < std::tuple{r.space, std::string_view{r.first}};
    });
  if (after == ranges.begin())
    return nullptr;
  const auto found = std::prev(after);
  return found->space == space ? &*found : nullptr;
}

const cluster_map::range* cluster_map::range_after(const range& of) const {
  const auto* after = &of + 1;
  return after != ranges.data() + ranges.size() && after->space == of.space ? after
                                                                            : nullptr;
}

} // namespace present
