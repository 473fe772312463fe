#pragma once

#include "actors/conflict/write_advisor.hpp"

#include <functional>
#include <map>
#include <string>
#include <utility>

namespace present::conflict {

/// What a program that embeds a node has registered for writes (A5): merge functions,
/// policies, schemas with migrations between them. Filled before the node starts, then
/// never changed: so it may be asked by all partitions at once.
///
///     auto rules = std::make_shared<conflict::write_registry>();
///     rules->add_merge("longest", [](auto there, auto written) { … });
///     config.advisor = rules;
///
/// A space names what it wants (`--conflict merge:custom:longest`, `--policy`, `--schema`);
/// what it names and isn't here refuses its writes, by name. Only the node that leads needs
/// it, so a cluster wants it on all of them. A function that throws refuses the write.
///
/// Functions are called in a partition's thread, by several at once.
class write_registry final : public write_advisor {
public:
  using merge_function
    = std::function<result<std::string>(std::string_view there, std::string_view written)>;
  using migration = std::function<result<std::string>(std::string_view)>;

  struct ruling {
    policy_finding is = policy_finding::allowed;
    std::string problem;    ///< unless it is allowed: why not, in plain words
    std::string escalation; ///< `somebody_decides`: to whom; empty: the space's
  };
  using policy = std::function<ruling(const advised_write&)>;

  void add_merge(std::string name, merge_function merge);
  void add_policy(std::string name, policy rule);
  /// `schema` as schema_codec.hpp has it. `invalid` if it is none.
  status add_schema(std::string name, std::string schema);
  /// Makes of values of one schema values of another that can't read them.
  void add_migration(const std::string& from, const std::string& to, migration how);

  advice advise(const advised_write& what) const override;

private:
  void judge(const advised_write& what, advice& given) const;
  void fit(const advised_write& what, advice& given) const;
  void merge(const advised_write& what, advice& given) const;

  std::map<std::string, merge_function, std::less<>> merges_;
  std::map<std::string, policy, std::less<>> policies_;
  std::map<std::string, std::string, std::less<>> schemas_;
  std::map<std::pair<std::string, std::string>, migration> migrations_;
};

} // namespace present::conflict
