#include "actors/raft/mutant.hpp"
#include "tests/chosen_mutant.hpp"

namespace present::raft {

namespace {

/// Of raft's defects, those that a directed test shows.
constexpr std::array<std::pair<std::string_view, mutant>, 15> known{{
    {"forget_vote_on_restart", mutant::forget_vote_on_restart},
    {"believe_late_write", mutant::believe_late_write},
    {"replaced_when_truncated", mutant::replaced_when_truncated},
    {"deaf_when_quiet", mutant::deaf_when_quiet},
    {"go_on_without_state", mutant::go_on_without_state},
    {"lead_without_checked_state", mutant::lead_without_checked_state},
    {"vote_for_shorter_log", mutant::vote_for_shorter_log},
    {"count_new_voters_only", mutant::count_new_voters_only},
    {"keep_members_of_cut_entry", mutant::keep_members_of_cut_entry},
    {"change_members_twice", mutant::change_members_twice},
    {"promote_unaware_learner", mutant::promote_unaware_learner},
    {"campaign_while_installing", mutant::campaign_while_installing},
    {"vote_with_lost_log", mutant::vote_with_lost_log},
    {"count_any_store", mutant::count_any_store},
    {"reuse_round_number", mutant::reuse_round_number},
}};

[[maybe_unused]] const bool is_chosen = [] {
  active_mutant<mutant> = test::chosen_mutant(known);
  return true;
}();

} // namespace

} // namespace present::raft
