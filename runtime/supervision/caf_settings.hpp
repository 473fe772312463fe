#pragma once

#include "runtime/supervision/guest_scheduler.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

#include <cstddef>
#include <cstdint>

namespace present::supervision {

/// CAF's settings for all of our programs: `sharing` had a third of the default's
/// latency on two cores (DESIGN). Nothing of CAF's reads the command line or a file.
struct caf_settings : caf::actor_system_config {
  /// With workers of its own.
  explicit caf_settings(std::size_t threads) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", static_cast<std::int64_t>(threads));
  }

  /// With none: its actors are guests on another thread.
  explicit caf_settings(host_thread host) {
    // Without a bound, as is CAF's own, one that talks to itself would keep its host.
    set("scheduler.max-throughput", std::int64_t{100});
    module_factories.emplace_back(
      [host = std::move(host)](caf::actor_system& system) -> caf::actor_system::module* {
        return new guest_scheduler(system, host);
      });
  }
};

} // namespace present::supervision
