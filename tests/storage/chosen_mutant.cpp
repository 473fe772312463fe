#include "storage/mutant.hpp"
#include "tests/chosen_mutant.hpp"

namespace present::storage {

namespace {

/// Of the storage's defects, those that a directed test shows.
constexpr std::array<std::pair<std::string_view, mutant>, 7> known{{
    {"torn_tail", mutant::torn_tail},
    {"forget_word", mutant::forget_word},
    {"write_after_failure", mutant::write_after_failure},
    {"skip_frozen_table", mutant::skip_frozen_table},
    {"resume_any_snapshot", mutant::resume_any_snapshot},
    {"skip_bucket_sums", mutant::skip_bucket_sums},
    {"same_salt", mutant::same_salt},
}};

[[maybe_unused]] const bool is_chosen = [] {
  active_mutant<mutant> = test::chosen_mutant(known);
  return true;
}();

} // namespace

} // namespace present::storage
