#pragma once

#include "tests/simulation/cluster/simulated_mail.hpp"
#include "tests/simulation/cluster/workload.hpp"

#include <caf/event_based_actor.hpp>

#include <memory>

namespace present::simulation::cluster {

/// The program that calls the clients: it hears their answers as any actor does.
class caller final : public caf::event_based_actor {
public:
  explicit caller(caf::actor_config& config) : caf::event_based_actor(config) {}

  caf::behavior make_behavior() override {
    return {[](const drive& turn) { turn.what(); }};
  }
};

class workload::driver {
public:
  explicit driver(surroundings& world)
      : life(std::make_shared<process>(0, world.time, 0, 0)) {
    auto made = world.system.spawn<caller, caf::lazy_init>();
    self = static_cast<caller*>(caf::actor_cast<caf::abstract_actor*>(made));
    handle = made;
    world.actors.enter(life, {{}, "caller", "caller"},
                       caf::actor_cast<caf::strong_actor_ptr>(made));
  }

  std::shared_ptr<process> life;
  caller* self = nullptr;
  caf::actor handle;
};

} // namespace present::simulation::cluster
