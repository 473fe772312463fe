#pragma once

#include "tests/simulation/world.hpp"

#include <vector>
#include <string_view>

namespace present::simulation {

struct mutant_row {
  any_mutant defect;
  std::string_view name;
  std::string_view rule; ///< of CONSENSUS.md or PROTOCOL.md
  std::uint32_t voters = 3;
  /// A defect that only a rare coincidence shows is looked for among the faults
  /// that it needs.
  std::vector<fault_kind> focus = {};
};

/// Every defect that the simulation has to catch. Others are shown by tests of their own
/// (`directed_mutants`).
inline const std::vector<mutant_row> mutants{
  {raft::mutant::acknowledge_before_persisting,
             "acknowledge_before_persisting", "2"},
  {raft::mutant::vote_twice, "vote_twice", "7"},
  {raft::mutant::acknowledge_unchecked_tail,
             "acknowledge_unchecked_tail", "2"},
  {raft::mutant::commit_old_term_by_counting,
             "commit_old_term_by_counting", "1"},
  {raft::mutant::skip_start_of_term_entry, "skip_start_of_term_entry",
             "1"},
  {raft::mutant::apply_before_commit, "apply_before_commit", "11"},
  {raft::mutant::read_without_round, "read_without_round", "13"},
  {raft::mutant::read_before_own_term, "read_before_own_term", "13"},
  {raft::mutant::leader_counts_unpersisted,
             "leader_counts_unpersisted", "5"},
  {raft::mutant::believe_failed_write, "believe_failed_write", "12"},
  {raft::mutant::reuse_snapshot_term, "reuse_snapshot_term", "10"},
  {raft::mutant::count_learner_as_voter, "count_learner_as_voter",
             "6"},
  {raft::mutant::commit_unchecked_tail, "commit_unchecked_tail", "2"},
  {raft::mutant::cut_off_on_any_append, "cut_off_on_any_append", "2"},
  {raft::mutant::vote_after_going_back, "vote_after_going_back", "P19", 3,
   {fault_kind::old_files, fault_kind::crash, fault_kind::isolate_leader, fault_kind::one_way}},
  {partition::mutant::ask_no_witness, "ask_no_witness", "P19", 3,
   {fault_kind::old_files, fault_kind::crash, fault_kind::isolate_leader, fault_kind::one_way}},
  {partition::mutant::skip_session_table, "skip_session_table", "P4"},
  {partition::mutant::forget_sessions, "forget_sessions", "P4"},
  {partition::mutant::apply_expired, "apply_expired", "P4"},
  {partition::mutant::answer_when_placed, "answer_when_placed", "11"},
  {partition::mutant::refuse_what_is_placed, "refuse_what_is_placed", "P5"},
  {partition::mutant::refuse_late_writes, "refuse_late_writes", "P5"},
  {partition::mutant::read_at_once, "read_at_once", "P15"},
  {partition::mutant::own_everything, "own_everything", "P1"},
  {partition::mutant::ignore_fencing_term, "ignore_fencing_term", "P16"},
  {partition::mutant::ignore_fencing_token, "ignore_fencing_token", "P14"},
  {partition::mutant::grant_held_locks, "grant_held_locks", "P14"},
  {partition::mutant::serve_last_first, "serve_last_first", "P14"},
  {partition::mutant::repeat_tokens, "repeat_tokens", "P14"},
  {partition::mutant::forget_locks, "forget_locks", "P14"},
  {partition::mutant::keep_ended_sessions_locks, "keep_ended_sessions_locks", "P14"},
  {partition::mutant::stamp_by_wall_clock, "stamp_by_wall_clock", "P2"},
  {partition::mutant::merge_takes_written, "merge_takes_written", "C1"},
  {client::mutant::trust_any_refusal, "trust_any_refusal", "P5"},
  {client::mutant::renumber_retries, "renumber_retries", "P4"},
  {client::mutant::acknowledge_early, "acknowledge_early", "P4"},
};

} // namespace present::simulation
