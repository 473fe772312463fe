#pragma once

#include "actors/router/router_contract.hpp"
#include "runtime/supervision/measured_actor.hpp"

namespace present {

/// Keeps one immutable map and replaces it when something changed.
class router_shell final : public supervision::measured_actor<router_actor> {
public:
  /// `base` has cluster and nodes.
  router_shell(caf::actor_config& config, cluster_map base);

protected:
  behavior_type make_behavior() override;

private:
  cluster_map map_;
  cluster_map_ptr published_; ///< null: to be made anew
};

} // namespace present
