#pragma once

#include "actors/raft/mutant.hpp"

#include <array>
#include <string_view>

namespace present::simulation {

struct mutant_row {
  raft::mutant defect;
  std::string_view name;
  std::string_view rule; ///< of CONSENSUS.md or PROTOCOL.md
};

/// Every defect that the simulation has to catch.
inline constexpr std::array mutants{
  mutant_row{raft::mutant::acknowledge_before_persisting,
             "acknowledge_before_persisting", "2"},
  mutant_row{raft::mutant::vote_twice, "vote_twice", "7"},
  mutant_row{raft::mutant::acknowledge_unchecked_tail,
             "acknowledge_unchecked_tail", "2"},
  mutant_row{raft::mutant::commit_old_term_by_counting,
             "commit_old_term_by_counting", "1"},
  mutant_row{raft::mutant::skip_start_of_term_entry, "skip_start_of_term_entry",
             "1"},
  mutant_row{raft::mutant::apply_before_commit, "apply_before_commit", "11"},
  mutant_row{raft::mutant::forget_vote_on_restart, "forget_vote_on_restart",
             "4"},
  mutant_row{raft::mutant::read_without_round, "read_without_round", "13"},
  mutant_row{raft::mutant::read_before_own_term, "read_before_own_term", "13"},
  mutant_row{raft::mutant::believe_late_write, "believe_late_write", "3"},
  mutant_row{raft::mutant::leader_counts_unpersisted,
             "leader_counts_unpersisted", "5"},
  mutant_row{raft::mutant::believe_failed_write, "believe_failed_write", "12"},
  mutant_row{raft::mutant::replaced_when_truncated, "replaced_when_truncated",
             "P5"},
  mutant_row{raft::mutant::reuse_snapshot_term, "reuse_snapshot_term", "10"},
  mutant_row{raft::mutant::count_learner_as_voter, "count_learner_as_voter",
             "6"},
};

} // namespace present::simulation
