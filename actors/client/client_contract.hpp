#pragma once

#include "actors/client/client_machine.hpp"

#include <caf/all.hpp>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

/// A client session as a typed actor: what an embedding program talks to. All
/// calls are exactly-once by default: the session numbers them and retries.
namespace present::client {

/// Any call with a deadline of its own. Answered once, at the deadline at the
/// latest; what is known of its effect stands in `problem.known`.
struct timed_call {
  call_kind what;
  std::uint32_t deadline_ms = 0; ///< 0: bounds::default_deadline_ms
  std::optional<write_name> name;
  observe::trace_context trace; ///< none: a new one begins
};

/// Where the outcome goes of a batch that no actor asked for. Called once, in the
/// client's thread, also when the client ends with calls open: these are unknown
/// then. A message to a client that is no more vanishes: keep a deadline of your own.
class batch_listener {
public:
  virtual ~batch_listener() = default;
  virtual void completed(batch_outcome how) = 0;
};
struct routed_batch {
  batch_call what;
  std::shared_ptr<batch_listener> to;
};

/// What the node's coordinator asks of the partitions that have some keys. What may go
/// together does so if it is of one partition, and is answered together.
/// Each is answered once, under its ticket, at the deadline at the latest, unless the client
/// ends: who asks watches it. What is answered in one turn comes together.
struct parts_answered {
  std::vector<std::pair<std::uint64_t, outcome_of_call>> what; ///< by ticket
};
using parts_listener = caf::typed_actor<caf::reacts_to<parts_answered>>;
struct ask_parts {
  std::vector<std::pair<std::uint64_t, part_call>> what; ///< by ticket
  std::uint32_t deadline_ms = 0;
  parts_listener to;
};

/// Nothing more is done in this session: open calls end, later ones are refused, and what
/// was locked in its name is given up, held or waited for. Answered when that is so, or
/// nobody could be told within `patience_ms`; may be asked again. The actor itself goes on,
/// until it is told to exit: without this before it, locks are left to their leases.
struct end_session_request {
  std::uint32_t patience_ms = 2'000;
};
struct session_over {};

/// From the network to the actor: what came for it in one response.
struct attempts_answered {
  std::vector<answered> what;
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

/// Each call is answered with an `outcome_of_call`, at its deadline at the latest
/// (the default one, but for `timed_call`); a batch with one for each of its calls.
using client_actor = caf::typed_actor<
  caf::replies_to<get_call>::with<outcome_of_call>,
  caf::replies_to<scan_call>::with<outcome_of_call>,
  caf::replies_to<put_call>::with<outcome_of_call>,
  caf::replies_to<remove_call>::with<outcome_of_call>,
  caf::replies_to<create_space>::with<outcome_of_call>,
  caf::replies_to<drop_space>::with<outcome_of_call>,
  caf::replies_to<timed_call>::with<outcome_of_call>,
  caf::replies_to<batch_call>::with<batch_outcome>,
  caf::replies_to<end_session_request>::with<session_over>, caf::reacts_to<routed_batch>,
  caf::reacts_to<ask_parts>, caf::reacts_to<attempts_answered>, caf::reacts_to<attempt_failed>,
  caf::reacts_to<map_fetched>, caf::reacts_to<client_wake>>;

} // namespace present::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::create_space)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::drop_space)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::get_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::scan_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::put_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::remove_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::timed_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::batch_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::batch_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::routed_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::end_session_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::session_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::outcome_of_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::parts_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::ask_parts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::attempts_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::attempt_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::map_fetched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::client_wake)
