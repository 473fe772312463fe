#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/raft/raft_types.hpp"

#include <caf/all.hpp>

/// The link to one peer node: takes raft messages of all partitions, sends what
/// has gathered in one call, drops what a broken or full link can't take (raft
/// survives loss), and tells the partitions when it breaks or comes back.
namespace present {

/// From a partition: to this link's peer. No answer.
struct link_send {
  partition_id partition;
  raft::message what;
};

/// From membership: the peer is to have this map. Dropped while the link is down;
/// membership offers it again when that is up.
struct link_offer {
  cluster_map_ptr map;
};

/// From membership that has begun anew and finds this link there: if the peer can be
/// reached, it is to be said once more. Idempotent.
struct link_ask {};

/// From the network: the connection is up, or lost. `store`: what the peer says that
/// it has (P19).
struct link_up {
  store_id store;
};
struct link_down {};
/// From the network: it has taken the last batch; the next may go.
struct link_drained {};

using link_actor
  = caf::typed_actor<caf::reacts_to<link_send>, caf::reacts_to<link_up>,
                     caf::reacts_to<link_down>, caf::reacts_to<link_drained>,
                     caf::reacts_to<link_offer>, caf::reacts_to<link_ask>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::link_send)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::link_offer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::link_ask)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::link_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::link_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::link_drained)
