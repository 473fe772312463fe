#pragma once

#include "tests/simulation/world.hpp"

namespace present::simulation {

/// A plan with as few faults as still break the same oracle: halves, quarters and
/// so on are left out as long as it does (delta debugging, Zeller 2002).
/// `failed` is the run of `options`; at most `max_runs` more are made.
run_result shrink(run_options options, run_result failed, unsigned max_runs = 300);

} // namespace present::simulation
