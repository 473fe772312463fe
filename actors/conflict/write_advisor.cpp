#include "actors/conflict/write_advisor.hpp"

namespace present::conflict {

std::string not_registered(const std::string& what, const std::string& name) {
  return "the " + what + " '" + name
         + "' isn't registered with the program of the leading node";
}

advice without_advisor(const advised_write& what) {
  const auto& space = what.space;
  advice given;
  if (!space.policy.empty()) {
    given.found.policy = policy_finding::denied;
    given.found.policy_problem = not_registered("policy", space.policy);
  }
  if (!space.schema.empty() && what.written) {
    given.found.schema = schema_finding::incompatible;
    given.found.schema_problem = not_registered("schema", space.schema);
  }
  if (space.conflicts.merging.starts_with(custom_merge))
    given.merge_problem = not_registered("merge function", space.conflicts.merging);
  return given;
}

} // namespace present::conflict
