#pragma once

#include "storage/log_entry.hpp"

namespace present::partition {

/// What a replica goes on from when journal and state were recovered each for
/// itself: sets `applied`, and where the node died between the installation of a
/// snapshot and the journal's hearing of it, lets the log start after the state's
/// mark. The replica's first write then carries the mark to the journal.
void catch_up_log(raft::recovered_state& found, const raft::snapshot_mark& mark);

} // namespace present::partition
