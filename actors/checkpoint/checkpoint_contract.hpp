#pragma once

#include "runtime/base/error.hpp"
#include "storage/snapshot_shelf.hpp"
#include "storage/state_backend.hpp"

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
using state_backend_ptr = std::shared_ptr<storage::state_backend>;

// -- what partitions hear ----------------------------------------------------------

/// Answer to `checkpoint_write`, to the partition that asked.
struct checkpoint_done {
  raft::snapshot_mark mark;
  status how = success();
};

/// Answer to `snapshot_read_part`. No part: that snapshot is no more. An error: a
/// new one can't be made now.
struct snapshot_part_read {
  node_id for_peer;
  result<std::optional<storage::snapshot_part>> part
    = std::optional<storage::snapshot_part>{};
};

/// Answer to `snapshot_take_part`: how much of this snapshot is held; or all of
/// it, and loaded, so that the next state may take the place of the old one. An
/// error: nothing of it is held any more.
struct snapshot_part_taken {
  raft::snapshot_mark mark;
  std::uint64_t next_offset = 0;
  bool loaded = false;
  status how = success();
};

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
