#include "tools/present/program.hpp"
#include "tools/present/saved_contexts.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <memory>

namespace present::tools {

namespace {

json record_of(const std::string& name, const saved_context& where, bool current) {
  json record{{"name", name}, {"current", current}};
  if (!where.data.empty())
    record["data"] = where.data;
  else
    record.update({{"endpoint", where.endpoint}, {"ca", where.ca}, {"cert", where.cert},
                   {"key", where.key}});
  return record;
}

std::string absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

/// Changes what is saved with `change`, and shows the context of that name.
template <class Change>
int edit(const context& with, const std::string& name, Change change) {
  auto all = load_contexts(with.set.user_folder());
  if (!all)
    return with.out.fail(all.problem());
  if (const status done = change(*all); !done)
    return with.out.fail(done.problem());
  if (const auto saved = save_contexts(with.set.user_folder(), *all); !saved)
    return with.out.fail(saved.problem());
  if (const auto found = all->by_name.find(name); found != all->by_name.end())
    with.out.one(record_of(name, found->second, all->current == name));
  else
    with.out.say("the context '" + name + "' is gone");
  return 0;
}

int add(const context& with, const std::string& name) {
  return edit(with, name, [&](saved_contexts& all) -> status {
    if (auto named = check_context_name(name); !named)
      return named;
    if (all.by_name.contains(name))
      return make_error(error_code::version_conflict,
                        "there is a context '" + name + "': `present context remove " + name
                          + "` first");
    const saved_context where{absolute(with.set.text("data")), with.set.text("endpoint"),
                              absolute(with.set.text("ca")), absolute(with.set.text("cert")),
                              absolute(with.set.text("key"))};
    if (const auto missing = where.missing(); !missing.empty())
      return make_error(error_code::invalid, "a context takes --data DIR, or --endpoint --ca "
                                             "--cert --key ('"
                                               + missing + "' is not set)");
    all.by_name.emplace(name, where);
    if (all.current.empty())
      all.current = name;
    return success();
  });
}

int use(const context& with, const std::string& name) {
  return edit(with, name, [&](saved_contexts& all) -> status {
    if (const auto found = all.find(name); !found)
      return found.problem();
    all.current = name;
    return success();
  });
}

int remove(const context& with, const std::string& name) {
  return edit(with, name, [&](saved_contexts& all) -> status {
    if (const auto found = all.find(name); !found)
      return found.problem();
    all.by_name.erase(name);
    if (all.current == name)
      all.current.clear();
    return success();
  });
}

int list(const context& with) {
  const auto all = load_contexts(with.set.user_folder());
  if (!all)
    return with.out.fail(all.problem());
  std::vector<json> records;
  for (const auto& [name, where] : all->by_name)
    records.push_back(record_of(name, where, all->current == name));
  with.out.list({"name", "current", "data", "endpoint", "cert"}, records);
  return 0;
}

CLI::App& add_named(CLI::App& verb, program& present, const char* name, const char* meaning,
                    int (*act)(const context&, const std::string&)) {
  auto& one = *verb.add_subcommand(name, meaning);
  auto given = std::make_shared<std::string>();
  one.add_option("name", *given, "the context's name")->required();
  choose(one, present, [given, act](const context& with) { return act(with, *given); });
  return one;
}

} // namespace

void add_context(program& present) {
  auto& verb = *present.app.add_subcommand("context", "Clusters that you have a name for");
  verb.require_subcommand(1);
  auto& added = add_named(verb, present, "add", "Save how a cluster is reached", add);
  for (const auto* name : {"data", "endpoint", "ca", "cert", "key"})
    add_setting_flag(added, present, name);
  add_named(verb, present, "use", "Make it the one that commands talk to", use);
  add_named(verb, present, "remove", "Forget it", remove);
  choose(*verb.add_subcommand("list", "All of them"), present, list);
}

} // namespace present::tools
