#pragma once

#include "runtime/base/check.hpp"
#include "runtime/base/mutant.hpp"

#include <cstdint>

/// With one of these the machine's own invariants are off, so that it is an oracle or a
/// client's history that catches the defect.
namespace present::raft {

enum class mutant : std::uint8_t {
  none,
  acknowledge_before_persisting, // rule 2, 4
  vote_twice,                    // rule 7
  acknowledge_unchecked_tail,    // rule 2
  commit_old_term_by_counting,   // rule 1
  skip_start_of_term_entry,      // rule 1
  apply_before_commit,           // rule 5
  forget_vote_on_restart,        // rule 4
  read_without_round,            // rule 13, P15
  read_before_own_term,          // rule 13
  believe_late_write,            // rule 3
  leader_counts_unpersisted,     // rule 5
  believe_failed_write,          // rule 12
  replaced_when_truncated,       // P5
  reuse_snapshot_term,           // rule 10
  count_learner_as_voter,        // rule 6, 16
  go_on_without_state,           // P24
  deaf_when_quiet,               // P20
  vote_for_shorter_log,          // Raft 5.4.1
  commit_unchecked_tail,         // rule 2
  cut_off_on_any_append,         // rule 2
  count_new_voters_only,         // rule 6
  keep_members_of_cut_entry,     // rule 6
  change_members_twice,          // rule 6
  promote_unaware_learner,       // rule 6
  campaign_while_installing,     // rule 10
  vote_with_lost_log,            // rule 15
  count_any_store,               // rule 16, P19
  lead_without_checked_state,    // P24
  reuse_round_number,            // P15
  vote_after_going_back,         // P19
};

#ifdef PRESENT_MUTANTS
inline bool invariants_on() { return active_mutant<mutant> == mutant::none; }
#else
constexpr bool invariants_on() { return true; }
#endif

/// `check`, as the raft machine uses it.
inline void require(bool holds, const char* invariant) {
  if (invariants_on())
    check(holds, invariant);
}

} // namespace present::raft
