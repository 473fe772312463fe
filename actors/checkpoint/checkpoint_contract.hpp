#pragma once

#include "runtime/base/error.hpp"
#include "storage/state_backend.hpp"

#include <caf/all.hpp>

/// The checkpointer: one per node, on a thread of its own; writes partitions'
/// frozen tables, one after the other.
namespace present {

/// Answer to `checkpoint_write`, to the partition that asked.
struct checkpoint_done {
  raft::snapshot_mark mark;
  status how = success();
};

using checkpoint_listener = caf::typed_actor<caf::reacts_to<checkpoint_done>>;

/// From a partition whose active table is large enough. The backend is shared:
/// the partition reads it meanwhile. Idempotent.
struct checkpoint_write {
  storage::checkpoint_ptr what;
  std::shared_ptr<storage::state_backend> into;
  checkpoint_listener reply_to;
};

using checkpoint_actor = caf::typed_actor<caf::reacts_to<checkpoint_write>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::checkpoint_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::checkpoint_write)
