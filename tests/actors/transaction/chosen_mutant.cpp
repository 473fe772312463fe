#include "actors/partition/mutant.hpp"
#include "actors/transaction/mutant.hpp"
#include "tests/chosen_mutant.hpp"

namespace present {

namespace {

constexpr std::array<std::pair<std::string_view, transaction::mutant>, 4> of_coordinators{{
  {"decide_before_all_prepared", transaction::mutant::decide_before_all_prepared},
  {"abort_without_push", transaction::mutant::abort_without_push},
  {"always_wait", transaction::mutant::always_wait},
  {"trust_repeated_decision", transaction::mutant::trust_repeated_decision},
}};

/// Those of a participant that the whole world shows, too.
constexpr std::array<std::pair<std::string_view, partition::mutant>, 8> of_partitions{{
  {"drop_locks_late", partition::mutant::drop_locks_late},
  {"drop_joined", partition::mutant::drop_joined},
  {"forget_prepared", partition::mutant::forget_prepared},
  {"ignore_locks", partition::mutant::ignore_locks},
  {"skip_read_validation", partition::mutant::skip_read_validation},
  {"decide_again", partition::mutant::decide_again},
  {"forget_compared", partition::mutant::forget_compared},
  {"take_first_branch", partition::mutant::take_first_branch},
}};

[[maybe_unused]] const bool is_chosen = [] {
  active_mutant<transaction::mutant> = test::chosen_mutant(of_coordinators);
  active_mutant<partition::mutant> = test::chosen_mutant(of_partitions);
  return true;
}();

} // namespace

} // namespace present
