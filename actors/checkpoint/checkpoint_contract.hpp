#pragma once

#include "actors/checkpoint/checkpoint_answers.hpp"
#include "storage/state_home.hpp"

#include <caf/all.hpp>

#include <memory>
#include <optional>

/// The checkpointer: one per node, on a thread of its own; opens partitions' states,
/// writes their frozen tables, reads and writes their snapshots, and reads states back
/// for the scrubber, one after the other.
///
/// Requests of one partition are carried out in the order sent. Shelf and backend
/// travel with each request: nothing is remembered here, so a partition that
/// restarts begins with a new shelf, and what the old one held is gone with the
/// last request that names it.
namespace present {

using snapshot_shelf_ptr = std::shared_ptr<storage::snapshot_shelf>;

// -- what partitions hear: checkpoint_answers.hpp ------------------------------------

using checkpoint_listener
  = caf::typed_actor<caf::reacts_to<checkpoint_done>, caf::reacts_to<snapshot_part_read>,
                     caf::reacts_to<snapshot_part_taken>>;

/// Answer to `state_scrub`. Gone: the state was closed meanwhile.
struct state_scrubbed {
  partition_id partition;
  std::uint64_t life = 0;
  bool gone = false;
  result<storage::scrub_report> report = storage::scrub_report{};
};

using scrub_step_listener = caf::typed_actor<caf::reacts_to<state_scrubbed>>;

// -- what the checkpointer hears -----------------------------------------------------

/// From a partition that starts: its state, open, after whatever was still under way
/// with it; in the place of one that is of no use there is an empty one. Idempotent.
struct state_open {
  std::shared_ptr<storage::state_home> home;
};
struct state_opened {
  result<storage::opened_state> found = storage::opened_state{};
};

/// From the scrubber: read the next rows of a state back, if it is still open. `life`
/// comes back with the answer.
struct state_scrub {
  partition_id partition;
  std::uint64_t life = 0;
  std::weak_ptr<storage::state_backend> state;
  std::size_t max_rows = 0;
  scrub_step_listener reply_to;
};

/// From a partition whose active table is large enough. The backend is shared:
/// the partition reads it meanwhile. Idempotent.
struct checkpoint_write {
  storage::checkpoint_ptr what;
  state_backend_ptr into;
  checkpoint_listener reply_to;
};

/// From a leader: the next part for a peer; digest 0 begins a snapshot of what the
/// backend holds, which must be of `at_least` that index (`overloaded`: it is not yet).
/// Idempotent.
struct snapshot_read_part {
  snapshot_shelf_ptr shelf;
  state_backend_ptr from;
  node_id for_peer;
  std::uint64_t offset = 0;
  std::uint64_t digest = 0;
  log_index at_least;
  checkpoint_listener reply_to;
};

/// From a leader, or one that was: the peer needs no more; without a peer: none
/// does. No answer. Idempotent.
struct snapshot_release {
  snapshot_shelf_ptr shelf;
  std::optional<node_id> peer;
};

/// From a follower: a part that arrived. Idempotent.
struct snapshot_take_part {
  snapshot_shelf_ptr shelf;
  storage::snapshot_part part;
  checkpoint_listener reply_to;
};

/// From a follower that has let go of its state: the loaded one takes its place.
/// The answer is the new state, open. Not idempotent.
struct snapshot_replace {
  snapshot_shelf_ptr shelf;
};
struct snapshot_replaced {
  result<state_backend_ptr> state = state_backend_ptr{};
};

using checkpoint_actor
  = caf::typed_actor<caf::reacts_to<checkpoint_write>, caf::reacts_to<snapshot_read_part>,
                     caf::reacts_to<snapshot_release>, caf::reacts_to<snapshot_take_part>,
                     caf::reacts_to<state_scrub>,
                     caf::replies_to<state_open>::with<state_opened>,
                     caf::replies_to<snapshot_replace>::with<snapshot_replaced>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::checkpoint_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::checkpoint_write)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::snapshot_part_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::snapshot_part_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::snapshot_read_part)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::snapshot_release)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::snapshot_take_part)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::snapshot_replace)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::state_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::state_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::state_scrub)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::state_scrubbed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::snapshot_replaced)
