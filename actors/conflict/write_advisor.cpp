#include "actors/conflict/write_advisor.hpp"

namespace present::conflict {

advice without_advisor(const advised_write& what) {
  const auto& space = what.space;
  constexpr auto missing = " isn't registered with the program of the leading node";
  advice given;
  if (!space.policy.empty()) {
    given.found.policy = policy_finding::denied;
    given.found.policy_problem = "the policy '" + space.policy + "'" + missing;
  }
  if (!space.schema.empty() && what.written) {
    given.found.schema = schema_finding::incompatible;
    given.found.schema_problem = "the schema '" + space.schema + "'" + missing;
  }
  if (space.conflicts.merging.starts_with("custom:"))
    given.merge_problem = "the merge function '" + space.conflicts.merging + "'" + missing;
  return given;
}

} // namespace present::conflict
