#pragma once

#include "actors/partition/partition_contract.hpp"
#include "actors/router/router_contract.hpp"

/// A session: one per connection of a client. Stands between the network and the
/// partitions: bounds what its client has under way, and answers for partitions
/// that crashed or aren't here.
namespace present {

/// From the network: a client's call. One `response` goes back to the network
/// under the same number. Idempotent by the operations' ids.
struct session_call {
  std::uint64_t number = 0;
  std::shared_ptr<const request> what;
};

/// From the network: the client wants the map.
struct session_map_call {
  std::uint64_t number = 0;
};

/// From the network: the connection is gone; the session ends.
struct session_closed {};

using session_actor
  = caf::typed_actor<caf::reacts_to<session_call>, caf::reacts_to<session_map_call>,
                     caf::reacts_to<session_closed>, caf::reacts_to<partition_response>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::session_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::session_map_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::session_closed)
