#include "actors/conflict/write_registry.hpp"

#include "actors/conflict/schema_codec.hpp"

#include <exception>

namespace present::conflict {

namespace {

/// What a user's function answers, or threw.
template <class Answer, class Call>
result<Answer> called(const std::string& what, Call call) {
  try {
    return call();
  } catch (const std::exception& why) {
    return make_error(error_code::invalid, what + " failed: " + why.what());
  } catch (...) {
    return make_error(error_code::invalid, what + " failed");
  }
}

void misfit(advice& given, std::string why) {
  given.found.schema = schema_finding::incompatible;
  given.found.schema_problem = std::move(why);
}

} // namespace

void write_registry::add_merge(std::string name, merge_function merge) {
  merges_[std::move(name)] = std::move(merge);
}

void write_registry::add_policy(std::string name, policy rule) {
  policies_[std::move(name)] = std::move(rule);
}

status write_registry::add_schema(std::string name, std::string schema) {
  if (auto sound = check_schema(schema); !sound)
    return sound;
  schemas_[std::move(name)] = std::move(schema);
  return success();
}

void write_registry::add_migration(const std::string& from, const std::string& to,
                                   migration how) {
  migrations_[{from, to}] = std::move(how);
}

/// What is missing is said for each part by itself.
advice write_registry::advise(const advised_write& what) const {
  auto given = without_advisor(what);
  judge(what, given);
  fit(what, given);
  merge(what, given);
  return given;
}

void write_registry::judge(const advised_write& what, advice& given) const {
  const auto found = policies_.find(what.space.policy);
  if (found == policies_.end())
    return;
  auto ruled = called<ruling>("the policy '" + what.space.policy + "'",
                              [&] { return found->second(what); });
  if (ruled) {
    given.found.policy = ruled->is;
    given.found.policy_problem = std::move(ruled->problem);
    given.found.escalation = std::move(ruled->escalation);
  } else { // a rule that can't be asked allows nothing
    given.found.policy = policy_finding::denied;
    given.found.policy_problem = ruled.problem().message;
  }
}

void write_registry::fit(const advised_write& what, advice& given) const {
  const auto readers = schemas_.find(what.space.schema);
  if (readers == schemas_.end() || !what.written)
    return;
  const auto name = what.schema.empty() ? what.space.schema : std::string{what.schema};
  const auto writers = schemas_.find(name);
  if (writers == schemas_.end())
    return misfit(given, not_registered("schema", name));
  if (const auto sound = check_message(*what.written); !sound)
    return misfit(given, sound.problem().message);
  given.found.schema = schema_finding::fits;
  given.found.schema_problem.clear();
  const auto compatible = check_compatible(readers->second, writers->second);
  if (compatible)
    return;
  const auto how = migrations_.find({name, what.space.schema});
  if (how == migrations_.end())
    return misfit(given, "readers of '" + what.space.schema + "' can't read '" + name + "' ("
                           + compatible.problem().message + "), and no migration is registered");
  auto migrated = called<std::string>("the migration from '" + name + "' to '" + what.space.schema + "'",
                         [&] { return how->second(*what.written); });
  if (!migrated)
    return misfit(given, migrated.problem().message);
  given.migrated = std::move(*migrated);
}

void write_registry::merge(const advised_write& what, advice& given) const {
  const std::string_view how = what.space.conflicts.merging;
  if (!how.starts_with(custom_merge))
    return;
  const auto found = merges_.find(how.substr(custom_merge.size()));
  if (found == merges_.end())
    return;
  given.merge_problem.clear();
  if (!what.current || !what.written)
    return;
  const std::string_view written
    = given.migrated ? std::string_view{*given.migrated} : *what.written;
  auto made = called<std::string>("the merge function '" + found->first + "'",
                     [&] { return found->second(*what.current, written); });
  if (made)
    given.merged = std::move(*made);
  else
    given.merge_problem = made.problem().message;
}

} // namespace present::conflict
