#pragma once

#include "actors/journal/journal_contract.hpp"
#include "actors/membership/membership_machine.hpp"
#include "actors/router/router_contract.hpp"

#include <caf/all.hpp>

#include <memory>

/// Membership: one per node. Keeps the cluster's map on this node's disk, follows it
/// (links, replicas), spreads it, and founds a cluster when an operator asks.
namespace present {

/// Where the answer to an operator goes. Thread-safe.
class founding_route {
public:
  virtual ~founding_route() = default;
  virtual void answered(status how) = 0;
};

/// From an operator, through the node's admin door: found the cluster with this map.
/// Answered once through the route. Idempotent (I5).
struct found_cluster {
  cluster_map_ptr map;
  std::shared_ptr<founding_route> route;
};

/// From the network: a peer offers its map. No answer. Idempotent.
struct map_offered {
  node_id from;
  cluster_map_ptr map;
};

/// From a link: the peer can be reached, and has this store; or it is gone.
struct peer_reached {
  node_id peer;
  store_id store;
};
struct peer_lost {
  node_id peer;
};

/// From a partition's leader, here: its voters as of what is committed. Idempotent.
struct members_told {
  report_members what;
};

/// The actor to itself: the time that its machine asked for has come.
struct membership_wake {};
/// The actor to itself: remove the data of a partition, once more.
struct removal_retry {
  membership::drop_replica what;
};

/// `map_learned` comes from the root's replica on this node.
using membership_actor = caf::typed_actor<
  caf::reacts_to<map_learned>, caf::reacts_to<found_cluster>, caf::reacts_to<map_offered>,
  caf::reacts_to<peer_reached>, caf::reacts_to<peer_lost>, caf::reacts_to<members_told>,
  caf::reacts_to<membership_wake>, caf::reacts_to<removal_retry>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::found_cluster)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::map_offered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::peer_reached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::peer_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::members_told)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::membership_wake)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::removal_retry)
