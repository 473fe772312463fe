#pragma once

#include "actors/checkpoint/checkpoint_contract.hpp"
#include "runtime/supervision/measured_actor.hpp"

namespace present {

/// The shell around `storage::state_backend::write` and `storage::snapshot_shelf`:
/// blocks on purpose, on its own thread.
class checkpoint_shell final : public supervision::measured_actor<checkpoint_actor> {
public:
  explicit checkpoint_shell(caf::actor_config& config) : measured(config) {}

protected:
  behavior_type make_behavior() override;

private:
  void on_scrub(state_scrub& what);
  void on_take_part(snapshot_take_part& what);
};

} // namespace present
