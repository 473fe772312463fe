#pragma once

#include "runtime/base/error.hpp"
#include "storage/snapshot_shelf.hpp"
#include "storage/state_backend.hpp"

#include <memory>
#include <optional>

/// What a replica hears from whoever writes its checkpoints and snapshots. Plain
/// data, so that it can be told to a machine.
namespace present {

using state_backend_ptr = std::shared_ptr<storage::state_backend>;

/// Answer to `checkpoint_write`.
struct checkpoint_done {
  raft::snapshot_mark mark;
  status how = success();
  /// Of the state as of `mark`; null after an error.
  std::shared_ptr<const storage::state_digest> digest = nullptr;
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

} // namespace present
