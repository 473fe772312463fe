#include "tests/simulation/shrink.hpp"

#include "tests/simulation/thin_out.hpp"

#include <utility>

namespace present::simulation {

run_result shrink(run_options options, run_result failed, unsigned max_runs) {
  auto smallest = failed;
  thin_out(failed.plan, [&](const std::vector<fault>& plan) {
    options.plan = plan;
    auto again = run(options);
    const bool fails = again.oracle == failed.oracle;
    if (fails)
      smallest = std::move(again);
    return fails;
  }, max_runs);
  return smallest;
}

} // namespace present::simulation
