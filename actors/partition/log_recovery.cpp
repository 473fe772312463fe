#include "actors/partition/log_recovery.hpp"

namespace present::partition {

namespace {

/// Entries are contiguous and start after the log's own mark.
bool holds(const raft::recovered_state& log, const raft::snapshot_mark& mark) {
  if (mark.index == log.snapshot.index)
    return true;
  const auto place = mark.index.value - log.snapshot.index.value - 1;
  return place < log.entries.size() && log.entries[place].at_term == mark.at_term;
}

} // namespace

void catch_up_log(raft::recovered_state& found, const raft::snapshot_mark& mark) {
  if (mark.index < found.snapshot.index) {
    found.state = raft::state_standing::missing;
    found.applied = found.snapshot.index;
    return;
  }
  found.state = mark.index == log_index{} ? raft::state_standing::sound
                                          : raft::state_standing::unchecked;
  found.applied = mark.index;
  if (holds(found, mark))
    return;
  // What the log has beyond the mark contradicts it: nothing of it was committed.
  found.snapshot = mark;
  found.entries.clear();
  found.mark_unwritten = true;
}

} // namespace present::partition
