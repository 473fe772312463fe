#include "actors/partition/mutant.hpp"
#include "tests/chosen_mutant.hpp"

namespace present::partition {

namespace {

/// Of a replica's defects, those that a directed test shows.
constexpr std::array<std::pair<std::string_view, mutant>, 42> known{{
    {"forget_collection", mutant::forget_collection},
    {"lead_before_own_entry", mutant::lead_before_own_entry},
    {"stamp_without_median", mutant::stamp_without_median},
    {"take_far_stamps", mutant::take_far_stamps},
    {"log_goes_early", mutant::log_goes_early},
    {"forget_horizon", mutant::forget_horizon},
    {"read_past_prepares", mutant::read_past_prepares},
    {"read_before_closed", mutant::read_before_closed},
    {"promote_at_once", mutant::promote_at_once},
    {"ignore_digests", mutant::ignore_digests},
    {"repair_from_anyone", mutant::repair_from_anyone},
    {"skip_read_validation", mutant::skip_read_validation},
    {"tear_transactions", mutant::tear_transactions},
    {"ignore_locks", mutant::ignore_locks},
    {"forget_range_locks", mutant::forget_range_locks},
    {"drop_locks_late", mutant::drop_locks_late},
    {"forget_prepared", mutant::forget_prepared},
    {"abort_what_is_driven", mutant::abort_what_is_driven},
    {"ignore_base", mutant::ignore_base},
    {"trust_old_findings", mutant::trust_old_findings},
    {"ignore_causes", mutant::ignore_causes},
    {"drop_joined", mutant::drop_joined},
    {"push_without_record", mutant::push_without_record},
    {"prepare_late", mutant::prepare_late},
    {"decide_again", mutant::decide_again},
    {"forget_compared", mutant::forget_compared},
    {"take_first_branch", mutant::take_first_branch},
    {"decide_below_prepares", mutant::decide_below_prepares},
    {"ask_first_members", mutant::ask_first_members},
    {"trust_old_maps", mutant::trust_old_maps},
    {"forget_departures", mutant::forget_departures},
    {"tell_with_learners", mutant::tell_with_learners},
    {"ignore_fencing_token", mutant::ignore_fencing_token},
    {"forget_fence_locks", mutant::forget_fence_locks},
    {"prepare_unfenced", mutant::prepare_unfenced},
    {"grant_held_locks", mutant::grant_held_locks},
    {"serve_last_first", mutant::serve_last_first},
    {"repeat_tokens", mutant::repeat_tokens},
    {"forget_locks", mutant::forget_locks},
    {"keep_ended_sessions_locks", mutant::keep_ended_sessions_locks},
    {"forget_ended_sessions", mutant::forget_ended_sessions},
    {"short_leases", mutant::short_leases},
}};

[[maybe_unused]] const bool is_chosen = [] {
  active_mutant<mutant> = test::chosen_mutant(known);
  return true;
}();

} // namespace

} // namespace present::partition
