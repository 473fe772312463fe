#pragma once

#include "actors/membership/cluster_map.hpp"

#include <caf/all.hpp>

/// The router: one per node. Holds the cluster map that this node knows (L2), with
/// its guess at who leads, gives it to clients and tells its replicas of it.
namespace present {

/// From a partition replica: who leads, as far as it knows. It names its own node
/// only once it leads in earnest (own-term entry applied). Idempotent.
struct leader_known {
  partition_id partition;
  node_id leader; ///< 0: unknown
};

/// From the root partition's replica, whenever an applied entry changed it, and
/// from the membership actor, when a peer has offered a newer one. An older map
/// than the router has changes nothing.
struct map_learned {
  cluster_map_ptr map;
};

using map_listener = caf::typed_actor<caf::reacts_to<map_learned>>;

/// From a replica that starts: `map_learned` comes back, now if there is a map and
/// after each change of it. It may have no address yet, so it says who it is. A
/// partition's next replica takes the place of the last.
struct follow_map {
  partition_id partition;
  map_listener reply_to;
};

/// From sessions: the map as it is now. Immutable, so it is shared.
struct ask_map {};

using router_actor
  = caf::typed_actor<caf::reacts_to<leader_known>, caf::reacts_to<map_learned>,
                     caf::reacts_to<follow_map>,
                     caf::replies_to<ask_map>::with<cluster_map_ptr>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::leader_known)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::map_learned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::follow_map)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::ask_map)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::cluster_map_ptr)
