#pragma once

#include "actors/client/client_machine.hpp"

#include <caf/all.hpp>

/// A client session as a typed actor: what an embedding program talks to. All
/// calls are exactly-once by default: the session numbers them and retries.
namespace present::client {

/// Any call with a deadline of its own. Answered once, at the deadline at the
/// latest; what is known of its effect stands in `problem.known`.
struct timed_call {
  call_kind what;
  std::uint32_t deadline_ms = 0; ///< 0: bounds::default_deadline_ms
};

/// From the network to the actor.
struct attempt_answered {
  answered what;
};
struct attempt_failed {
  attempt_lost what;
};
struct map_fetched {
  node_id from;
  std::shared_ptr<const cluster_map> map; ///< null: it could not be had
};

/// The actor to itself: the time that its machine asked for has come.
struct client_wake {};

/// Each call is answered with an `outcome_of_call`; with the default deadline,
/// but for `timed_call`.
using client_actor = caf::typed_actor<
  caf::replies_to<get_call>::with<outcome_of_call>,
  caf::replies_to<scan_call>::with<outcome_of_call>,
  caf::replies_to<put_call>::with<outcome_of_call>,
  caf::replies_to<remove_call>::with<outcome_of_call>,
  caf::replies_to<create_space>::with<outcome_of_call>,
  caf::replies_to<drop_space>::with<outcome_of_call>,
  caf::replies_to<timed_call>::with<outcome_of_call>,
  caf::reacts_to<attempt_answered>, caf::reacts_to<attempt_failed>,
  caf::reacts_to<map_fetched>, caf::reacts_to<client_wake>>;

} // namespace present::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::create_space)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::drop_space)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::get_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::scan_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::put_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::remove_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::timed_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::outcome_of_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::attempt_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::attempt_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::map_fetched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::client_wake)
