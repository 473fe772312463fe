#pragma once

#include "tests/simulation/cluster/simulated_network.hpp"
#include "tests/simulation/cluster/stage.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <string>

namespace present::simulation::cluster {

inline const std::string cluster_name = "51aa51aa51aa";

/// What differs from seed to seed besides chance itself: limits, so that each is met
/// in some runs, and how much goes through the codecs.
struct climate {
  std::size_t checkpoint_bytes = 0;
  std::size_t log_bytes = 0; ///< of a raft log in memory, and kept behind a state
  std::size_t message_entries = 0;
  std::uint32_t codec_per_mille = 0;
  std::uint32_t hesitation_per_mille = 0; ///< of messages whose actor isn't run at once
  std::uint32_t partitions = 0;           ///< besides the root
  std::size_t bulk_bytes = 0;             ///< of a large value
  std::uint32_t marker_interval_ms = 0;   ///< between two comparisons of digests (P24)
  std::uint64_t marker_entries = 0;
  bool puts_files_back = false; ///< it has faults of that kind
  bool pauses_clients = false;  ///< the same
};

struct test_scheduling : caf::actor_system_config {
  test_scheduling() { set("scheduler.policy", caf::atom("testing")); }
};

/// What all parts of a simulated cluster share. Members end in the reverse order:
/// the actors before the world that they live in.
struct surroundings {
  explicit surroundings(std::uint64_t seed)
      : random(seed), network(time, random, effects, oracle), system(config),
        actors(system, time, random) {}

  timeline time;
  seeded_random random;
  effect_tally effects;
  witness oracle;
  climate weather;
  simulated_network network;
  test_scheduling config;
  caf::actor_system system;
  stage actors;
};

} // namespace present::simulation::cluster
