#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace present::simulation {

/// A plan with as few items as still fail: halves, quarters and so on are left out as
/// long as `fails(fewer)` says that what is left does (delta debugging, Zeller 2002).
/// At most `max_runs` tries.
template <class Item, class Fails>
std::vector<Item> thin_out(std::vector<Item> plan, Fails fails, unsigned max_runs) {
  auto chunk = std::max<std::size_t>(1, plan.size() / 2);
  for (;;) {
    bool smaller = false;
    for (std::size_t first = 0; first < plan.size() && max_runs > 0; --max_runs) {
      auto fewer = plan;
      const auto count = std::min(chunk, fewer.size() - first);
      const auto from = fewer.begin() + static_cast<std::ptrdiff_t>(first);
      fewer.erase(from, from + static_cast<std::ptrdiff_t>(count));
      if (fails(std::as_const(fewer))) {
        plan = std::move(fewer);
        smaller = true;
      } else {
        first += count;
      }
    }
    if (max_runs == 0 || (chunk == 1 && !smaller))
      return plan;
    chunk = std::max<std::size_t>(1, chunk / 2);
  }
}

} // namespace present::simulation
