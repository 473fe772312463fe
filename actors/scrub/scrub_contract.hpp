#pragma once

#include "actors/checkpoint/checkpoint_contract.hpp"
#include "actors/journal/journal_contract.hpp"
#include "actors/scrub/scrub_machine.hpp"

#include <caf/all.hpp>

/// The scrubber: one per node. Has what the node keeps read back, a little at a
/// time, and tells each replica what was found (P24).
namespace present {

// -- what partitions hear ----------------------------------------------------------

/// After each pass over the replica's state, and at once when damage is found; after
/// that nothing, until the replica has begun anew.
struct scrub_verdict {
  scrub::finding what = scrub::finding::sound;
  std::string why;
};

using scrub_listener = caf::typed_actor<caf::reacts_to<scrub_verdict>>;

// -- what the scrubber hears --------------------------------------------------------

/// From a replica that has opened its state: read all of it before I may lead; or, if
/// it was read back just now, go on reading in the background. Takes the place of
/// what the replica said before. Idempotent.
struct scrub_begin {
  partition_id partition;
  std::weak_ptr<storage::state_backend> state;
  bool checked = false;
  scrub_listener reply_to;
};

/// From a replica that closes its state, or ends. No answer. Idempotent.
struct scrub_end {
  partition_id partition;
};

/// The scrubber to itself: the time for the next step has come.
struct scrub_wake {};

using scrub_actor = caf::typed_actor<
  caf::reacts_to<scrub_begin>, caf::reacts_to<scrub_end>, caf::reacts_to<scrub_wake>,
  caf::reacts_to<state_scrubbed>, caf::reacts_to<journal_scrubbed>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::scrub_verdict)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::scrub_begin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::scrub_end)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::scrub_wake)
