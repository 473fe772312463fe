#pragma once

#include "tools/histories/components.hpp"
#include "tools/histories/dependency_graph.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace present::histories {

/// One step of a cycle, from a transaction to another: what the graph has by
/// way of a moment or an end of a list is one step here.
struct cycle_step {
  std::uint32_t from = 0;
  dependency what; ///< never `then`
};

struct cycle {
  anomaly_kind what = anomaly_kind::g0_write_cycle;
  std::vector<cycle_step>
      steps; ///< the last leads back to where the first begins
};

/// Of each strongly connected part of the graph a cycle of the worst kind that
/// it has, a shortest one of that kind, as far as `max_steps` dependencies
/// looked at go: what is found after that is a cycle, but maybe not the worst
/// or shortest.
std::vector<cycle> find_cycles(const dependency_graph& graph,
                               std::size_t max_steps);

/// The kind that the steps make it.
anomaly_kind kind_of(const std::vector<cycle_step>& steps);

} // namespace present::histories
