#pragma once

#include "runtime/base/mutant.hpp"

#include <cstdint>

namespace present::partition {

enum class mutant : std::uint8_t {
  none,
  skip_session_table,    // P4
  forget_sessions,       // P4: a restart remembers no answer
  apply_expired,         // P4: a late copy of a forgotten operation is applied
  answer_when_placed,    // CONSENSUS: apply before commit
  refuse_what_is_placed, // P5: leadership lost is taken for "not applied"
  refuse_late_writes,    // P5: a deadline is taken for "not applied"
  read_at_once,          // P15
  own_everything,        // P1, A5: keys of other partitions are written
  stamp_by_wall_clock,   // P2, I3: whatever the log's stamps are
  ignore_digests,        // P24: who differs from a majority goes on
  repair_from_anyone,    // P25: a lost state comes from whoever leads
  forget_collection,     // P3: a restart ends what is collected in parts
  lead_before_own_entry, // P16
  ignore_fencing_term,   // P16: what was proposed at an index is taken for its entry
  stamp_without_median,  // P21: a leader's own clock is enough
  take_far_stamps,       // P21
  log_goes_early,        // P27: the log goes before the checkpoint is durable
  skip_read_validation,  // transactions: what was read may have changed
  tear_transactions,     // transactions: each write has a stamp of its own, and may fail
  ignore_locks,          // P11: whoever comes reads and writes what is locked
  forget_range_locks,    // P11: what was read as a range isn't locked against phantoms
  drop_locks_late,       // P8: a deadline lets go of locks
  prepare_late,          // P9: what was aborted by its deadline prepares after all
  decide_again,          // P7: the last to decide wins, not the first
  decide_below_prepares, // P22: a decision is stamped whatever has prepared
  push_without_record,   // P8: who pushes is told "aborted", and nothing stays of it
  abort_what_is_driven,  // P8, I16: a push aborts what a coordinator has in hand
  forget_compared,       // P7: what a transaction compares isn't locked
  take_first_branch,     // P7: a part takes its first branch, whatever home has decided
  drop_joined,           // P8: of an aftermath only the first is done, and all of it is answered
  forget_prepared,       // P8: a restart forgets the locks
  trust_old_maps,        // steward S6: whatever the map of a leader says
  forget_departures,     // catalog C4: a node leaves though a leader may still take it in
  tell_with_learners,    // steward S5: a leader tells that it knows a map while it follows another
  ignore_fencing_token,  // P14, L3: a write is applied whatever its token
  forget_fence_locks,    // P10, K3: what has prepared under a fence doesn't hold it
  prepare_unfenced,      // P14: a part prepares whatever the fence
  grant_held_locks,      // L1: whoever asks has the lock
  serve_last_first,      // L2
  keep_ended_sessions_locks,   // L6: a session's end is answered, and its claims stay
  forget_ended_sessions, // L6: what a session asked for before its end takes a lock after it
  repeat_tokens,         // L1: a lock that is handed on keeps its token
  forget_locks,          // P14: a restart forgets who holds what
  short_leases,          // P14: a new leader takes all leases for over
  promote_at_once,       // steward S1: whoever is wanted becomes a voter
  forget_horizon,        // P3: what was collected is taken for what never was
  read_past_prepares,    // P22: a read at a stamp doesn't wait for what has prepared
  read_before_closed,    // P22: a read at a stamp is served while that may still be written
  ask_no_witness,        // P19: a replica trusts its files
  ask_first_members,     // P19: whoever it knew as voters are its witnesses for ever
  ignore_base,           // C1: a write that knows an older version is as good as any
  ignore_causes,         // C5: what comes after something unseen is written at once
  trust_old_findings,    // C3, C4: a transaction's writes count as judged, of whatever was there
  merge_takes_written,   // C1: a merge takes what is written, and is not commutative
};

} // namespace present::partition
