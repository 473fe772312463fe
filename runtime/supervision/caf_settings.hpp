#pragma once

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

#include <cstddef>
#include <cstdint>

namespace present::supervision {

/// CAF's settings for all of our programs: `sharing` had a third of the default's
/// latency on two cores (DESIGN). Nothing of CAF's reads the command line or a file.
struct caf_settings : caf::actor_system_config {
  explicit caf_settings(std::size_t threads) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", static_cast<std::int64_t>(threads));
  }
};

} // namespace present::supervision
