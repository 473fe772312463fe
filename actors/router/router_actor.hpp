#pragma once

#include "actors/router/router_contract.hpp"
#include "runtime/supervision/measured_actor.hpp"

#include <memory>

namespace present {

/// Keeps one immutable map and replaces it when something changed.
class router_shell final : public supervision::measured_actor<router_actor> {
public:
  explicit router_shell(caf::actor_config& config) : measured(config) {}

protected:
  behavior_type make_behavior() override;

private:
  void on_map(const map_learned& what);
  void tell(const caf::weak_actor_ptr& follower);

  cluster_map_ptr map_; ///< as it was learned; null before the first
  std::map<partition_id, node_id> leaders_;
  cluster_map_ptr published_; ///< with leaders; null: to be made anew
  std::map<partition_id, caf::weak_actor_ptr> followers_; ///< holds none of them
};

} // namespace present
