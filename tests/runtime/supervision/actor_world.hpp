#pragma once

#include "runtime/supervision/starter.hpp"
#include "runtime/supervision/supervision_tree.hpp"
#include "runtime/supervision/supervisor_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace present::supervision::test {

struct simulated_config : caf::actor_system_config {
  simulated_config() { set("scheduler.policy", caf::atom("testing")); }
};

/// An actor system under CAF's test coordinator, and a clock that moves with it.
struct simulated_world {
  simulated_config config;
  caf::actor_system system{config};
  edge::manual_clock clock;
  caf::scheduler::test_coordinator& scheduler
    = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());

  /// An actor that never ran would be waited for.
  ~simulated_world() { run(); }

  spawn_settings settings() {
    spawn_settings made;
    made.node = node_id{7};
    made.allow_detached = false;
    made.clock = &clock;
    return made;
  }

  /// Runs what can run, without moving time.
  void run() {
    while (scheduler.try_run_once()) {
    }
  }

  void advance_ms(std::uint64_t ms) {
    clock.advance_ms(ms);
    scheduler.advance_time(std::chrono::milliseconds(ms));
    run();
  }

  template <class Answer, class Handle, class Message>
  std::optional<Answer> ask(const Handle& whom, Message message,
                            std::uint64_t patience_ms = 0) {
    caf::scoped_actor self{system};
    std::optional<Answer> answer;
    auto pending = self->request<caf::message_priority::high>(
      caf::actor_cast<caf::actor>(whom), caf::infinite, std::move(message));
    run();
    if (patience_ms > 0)
      advance_ms(patience_ms);
    // The answer is there or it never will be: nothing blocks.
    if (self->has_next_message())
      pending.receive([&](Answer& said) { answer = std::move(said); },
                      [](const caf::error&) {});
    return answer;
  }
};

} // namespace present::supervision::test
