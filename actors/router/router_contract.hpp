#pragma once

#include "actors/client/cluster_map.hpp"

#include <caf/all.hpp>

#include <memory>

/// The router: one per node. Holds the cluster map that this node gives to
/// clients (L2); partitions tell it what changed.
namespace present {

/// From a partition replica: who leads, as far as it knows. It names its own node
/// only once it leads in earnest (own-term entry applied). Idempotent.
struct leader_known {
  partition_id partition;
  node_id leader; ///< 0: unknown
};

/// From the root partition's replica, whenever an applied entry changed it.
struct spaces_known {
  map_epoch epoch;
  std::map<std::string, space_id> spaces;
};

/// From sessions: the map as it is now. Immutable, so it is shared.
struct ask_map {};
using cluster_map_ptr = std::shared_ptr<const cluster_map>;

using router_actor
  = caf::typed_actor<caf::reacts_to<leader_known>, caf::reacts_to<spaces_known>,
                     caf::replies_to<ask_map>::with<cluster_map_ptr>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::leader_known)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::spaces_known)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::ask_map)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::cluster_map_ptr)
