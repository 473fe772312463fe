#pragma once

#include "actors/partition/partition_contract.hpp"
#include "actors/router/router_contract.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"

#include <memory>

namespace present {

/// Keeps one immutable map and replaces it when something changed.
class router_shell final : public supervision::measured_actor<router_actor> {
public:
  router_shell(caf::actor_config& config,
               std::shared_ptr<supervision::address_book> addresses);

  /// Lets go of other actors: they hold us too, and CAF counts references.
  void on_exit() override { followers_.clear(); }

protected:
  behavior_type make_behavior() override;

private:
  void on_map(const map_learned& what);
  void tell(partition_id follower);

  const std::shared_ptr<supervision::address_book> addresses_;
  cluster_map_ptr map_; ///< as it was learned; null before the first
  std::map<partition_id, node_id> leaders_;
  cluster_map_ptr published_; ///< with leaders; null: to be made anew
  std::map<partition_id, supervision::address<partition_actor>> followers_;
};

} // namespace present
