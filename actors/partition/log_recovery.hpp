#pragma once

#include "storage/journal_store.hpp"

#include <optional>

namespace present::partition {

/// What a replica goes on from when journal and state were recovered each for
/// itself: sets `applied`, and where the node died between the installation of a
/// snapshot and the journal's hearing of it, lets the log start after the state's
/// mark. Then the journal has to be told before any other write: that is the write
/// that comes back, of term and vote as they are.
std::optional<storage::journal_write> catch_up_log(partition_id partition,
                                                   raft::recovered_state& found,
                                                   const raft::snapshot_mark& mark);

} // namespace present::partition
