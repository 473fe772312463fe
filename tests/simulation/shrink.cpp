#include "tests/simulation/shrink.hpp"

#include <algorithm>
#include <utility>

namespace present::simulation {

run_result shrink(run_options options, run_result failed, unsigned max_runs) {
  auto chunk = std::max<std::size_t>(1, failed.plan.size() / 2);
  for (;;) {
    bool smaller = false;
    for (std::size_t first = 0; first < failed.plan.size() && max_runs > 0;) {
      auto fewer = failed.plan;
      const auto count = std::min(chunk, fewer.size() - first);
      const auto from = fewer.begin() + static_cast<std::ptrdiff_t>(first);
      fewer.erase(from, from + static_cast<std::ptrdiff_t>(count));
      options.plan = std::move(fewer);
      --max_runs;
      if (auto again = run(options); again.oracle == failed.oracle) {
        failed = std::move(again);
        smaller = true;
      } else {
        first += count;
      }
    }
    if (max_runs == 0 || (chunk == 1 && !smaller))
      return failed;
    chunk = std::max<std::size_t>(1, chunk / 2);
  }
}

} // namespace present::simulation
