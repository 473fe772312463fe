#pragma once

#include "actors/checkpoint/checkpoint_answers.hpp"

#include <caf/all.hpp>

#include <memory>
#include <optional>

/// The checkpointer: one per node, on a thread of its own; writes partitions'
/// frozen tables, and reads and writes their snapshots, one after the other.
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

// -- what the checkpointer hears -----------------------------------------------------

/// From a partition whose active table is large enough. The backend is shared:
/// the partition reads it meanwhile. Idempotent.
struct checkpoint_write {
  storage::checkpoint_ptr what;
  state_backend_ptr into;
  checkpoint_listener reply_to;
};

/// From a leader: the next part for a peer; digest 0 begins a snapshot of what the
/// backend holds. Idempotent.
struct snapshot_read_part {
  snapshot_shelf_ptr shelf;
  state_backend_ptr from;
  node_id for_peer;
  std::uint64_t offset = 0;
  std::uint64_t digest = 0;
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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::snapshot_replaced)
