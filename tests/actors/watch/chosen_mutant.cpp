#include "actors/watch/mutant.hpp"
#include "tests/chosen_mutant.hpp"

namespace present::watching {

namespace {

constexpr std::array<std::pair<std::string_view, mutant>, 4> known{{
    {"forget_gap", mutant::forget_gap},
    {"cut_loses_rest", mutant::cut_loses_rest},
    {"repeat_last", mutant::repeat_last},
    {"ignore_floor", mutant::ignore_floor},
}};

[[maybe_unused]] const bool is_chosen = [] {
  active_mutant<mutant> = test::chosen_mutant(known);
  return true;
}();

} // namespace

} // namespace present::watching
