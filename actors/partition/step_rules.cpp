#include "actors/partition/step_rules.hpp"

#include "actors/partition/answers.hpp"
#include "actors/partition/contested_write.hpp"

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

namespace {

/// Null: it has none, or nothing is written.
const storage::space_settings* written_space(const step& what, const space_rules& all) {
  return is_write(what)
           ? rules_of(all, std::visit([](const auto& one) { return one.space; }, what))
           : nullptr;
}

} // namespace

bool has_ruled(const std::vector<step>& steps, const space_rules& rules) {
  return !rules.empty() && std::any_of(steps.begin(), steps.end(), [&](const step& each) {
    const auto* space = written_space(each, rules);
    return space && (is_judged(*space) || joins_all(*space));
  });
}

std::optional<answer> refusal_without_findings(const transact& what, const space_rules& rules) {
  if (what.found || rules.empty())
    return std::nullopt;
  for (const auto* branch : {&what.then, &what.otherwise})
    for (const auto& each : *branch) {
      const auto* space = written_space(each, rules);
      if (space && joins_all(*space))
        return refused_answer(error_code::invalid,
                              "the space keeps CRDTs: they are changed by puts of deltas, not "
                              "by transactions");
      if (space && is_judged(*space))
        return refused_answer(error_code::invalid,
                              "the space has a policy or a schema, by which puts and deletes "
                              "are judged one by one, not transactions");
    }
  return std::nullopt;
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
