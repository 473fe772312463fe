#pragma once

#include "actors/session/session_actor.hpp"

/// The gate: one per node. Lets clients in: each connection gets a session below
/// the sessions' supervisor.
namespace present {

/// Where the news of one connection go, and then its session's answers.
class session_door : public session_route {
public:
  virtual void opened(result<session_actor> session) = 0;
};

/// From the network: a client has connected and proven who it is. Answered
/// through the door, once.
struct open_session {
  std::uint64_t connection = 0; ///< unique in the life of this process
  std::string client;           ///< its SPIFFE id
  bool may_administer = false;  ///< it is an admin or a node
  std::shared_ptr<session_door> door;
};

using gate_actor = caf::typed_actor<caf::reacts_to<open_session>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::open_session)
