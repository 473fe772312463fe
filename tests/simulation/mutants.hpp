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

/// Every defect that the simulation has to catch.
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
  {raft::mutant::forget_vote_on_restart, "forget_vote_on_restart", "4",
   5, {fault_kind::crash_voter, fault_kind::isolate_leader, fault_kind::delay,
       fault_kind::crash}},
  {raft::mutant::read_without_round, "read_without_round", "13"},
  {raft::mutant::read_before_own_term, "read_before_own_term", "13"},
  {raft::mutant::believe_late_write, "believe_late_write", "3", 3,
   {fault_kind::stalled_disk, fault_kind::isolate_leader, fault_kind::link_flap}},
  {raft::mutant::leader_counts_unpersisted,
             "leader_counts_unpersisted", "5"},
  {raft::mutant::believe_failed_write, "believe_failed_write", "12"},
  {raft::mutant::replaced_when_truncated, "replaced_when_truncated", "P5",
   3, {fault_kind::isolate_leader, fault_kind::slow_disk, fault_kind::disk_failure, fault_kind::crash}},
  {raft::mutant::reuse_snapshot_term, "reuse_snapshot_term", "10"},
  {raft::mutant::count_learner_as_voter, "count_learner_as_voter",
             "6"},
  {raft::mutant::go_on_without_state, "go_on_without_state", "P24", 3,
   {fault_kind::state_lost, fault_kind::compaction, fault_kind::crash}},
  {partition::mutant::skip_session_table, "skip_session_table", "P4"},
  {partition::mutant::forget_sessions, "forget_sessions", "P4"},
  {partition::mutant::apply_expired, "apply_expired", "P4"},
  {partition::mutant::answer_when_placed, "answer_when_placed", "11"},
  {partition::mutant::refuse_what_is_placed, "refuse_what_is_placed", "P5"},
  {partition::mutant::refuse_late_writes, "refuse_late_writes", "P5"},
  {partition::mutant::read_at_once, "read_at_once", "P15"},
  {client::mutant::trust_any_refusal, "trust_any_refusal", "P5"},
  {client::mutant::renumber_retries, "renumber_retries", "P4"},
  {client::mutant::acknowledge_early, "acknowledge_early", "P4"},
};

} // namespace present::simulation
