#include "actors/partition/step_rules.hpp"

#include "actors/partition/answers.hpp"

#include <algorithm>

namespace present::partition {

const storage::space_settings* rules_of(const space_rules& all, space_id space) {
  if (all.empty())
    return nullptr;
  const auto found = std::lower_bound(
    all.begin(), all.end(), space,
    [](const storage::owned_space& one, space_id wanted) { return one.space < wanted; });
  return found != all.end() && found->space == space ? &found->settings : nullptr;
}

bool is_judged(const storage::space_settings& space) {
  return !space.policy.empty() || !space.schema.empty();
}

bool has_judged(const std::vector<step>& steps, const space_rules& rules) {
  return !rules.empty() && std::any_of(steps.begin(), steps.end(), [&](const step& each) {
    const auto* space
      = rules_of(rules, std::visit([](const auto& one) { return one.space; }, each));
    return is_write(each) && space && is_judged(*space);
  });
}

/// Nobody can be waited for with locks held.
std::optional<answer> refusal_of_judged(const storage::space_settings& space,
                                        std::string_view key,
                                        const conflict::findings& found) {
  const auto decided = conflict::decide(space.conflicts, {}, {}, {}, found);
  const auto quoted = "'" + std::string{key} + "': ";
  std::optional<answer> given;
  if (const auto* refused = std::get_if<conflict::refuse>(&decided))
    given = refused_answer(refused->why.code, quoted + refused->why.message);
  else if (std::holds_alternative<conflict::escalate>(decided))
    given = refused_answer(error_code::denied,
                           quoted + "somebody has to decide (" + found.policy_problem
                             + "), and a transaction doesn't wait for that: write it by itself");
  if (given)
    given->conflict = conflict::note_of(decided);
  if (given && given->conflict)
    given->conflict->then = conflict::outcome_kind::refuse;
  return given;
}

} // namespace present::partition
