#include "actors/partition/mutant.hpp"
#include "tests/chosen_mutant.hpp"

namespace present::partition {

namespace {

/// Of a replica's defects, those that a directed test shows.
constexpr std::array<std::pair<std::string_view, mutant>, 8> known{{
    {"forget_collection", mutant::forget_collection},
    {"lead_before_own_entry", mutant::lead_before_own_entry},
    {"stamp_without_median", mutant::stamp_without_median},
    {"take_far_stamps", mutant::take_far_stamps},
    {"log_goes_early", mutant::log_goes_early},
    {"promote_at_once", mutant::promote_at_once},
    {"ignore_digests", mutant::ignore_digests},
    {"repair_from_anyone", mutant::repair_from_anyone},
}};

[[maybe_unused]] const bool is_chosen = [] {
  active_mutant = test::chosen_mutant(known);
  return true;
}();

} // namespace

} // namespace present::partition
