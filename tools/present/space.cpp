#include "actors/client/record_lines.hpp"
#include "runtime/base/bounds.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>

namespace present::tools {

namespace {

struct space_arguments {
  std::string name;
  std::uint32_t pieces = 0;
  std::vector<std::string> split_at;
  std::optional<std::string> conflicts;
  std::optional<std::uint64_t> closes_after_ms;
  std::optional<std::string> schema;
  std::optional<std::string> policy;
  std::optional<std::uint32_t> versions;
  bool yes = false;
};

/// What was given of a space's settings.
result<set_space> change_of(const space_arguments& given) {
  set_space change{given.name, {}, given.closes_after_ms, given.schema, given.policy,
                   given.versions};
  if (!given.conflicts)
    return change;
  auto rules = conflict::parse_rules(*given.conflicts);
  if (!rules)
    return rules.problem();
  change.conflicts = std::move(*rules);
  return change;
}

std::vector<const cluster_map::range*> ranges_of(const cluster_map& map, space_id space) {
  std::vector<const cluster_map::range*> found;
  for (const auto* range = map.range_of(space, ""); range; range = map.range_after(*range))
    found.push_back(range);
  return found;
}

int tell(const context& with, const std::string& name, const result<written>& done) {
  if (!done)
    return with.out.fail(done.problem());
  with.out.one({{"space", name}, {"version", done->version.value}});
  return 0;
}

int create(const context& with, const space_arguments& given) {
  auto change = change_of(given);
  if (!change)
    return with.out.fail(change.problem());
  create_space wanted{given.name, given.pieces, given.split_at};
  wanted.settings = change->changing({});
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  return tell(with, given.name,
              (*client)->create_space(wanted, patience_of(with.set)));
}

int change(const context& with, const space_arguments& given) {
  auto wanted = change_of(given);
  if (!wanted)
    return with.out.fail(wanted.problem());
  if (*wanted == set_space{given.name})
    return with.out.fail(make_error(error_code::invalid,
                                    "nothing to set: give --conflict, --closes-after, --schema, "
                                    "--policy or --versions"));
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  return tell(with, given.name, (*client)->set_space(*wanted, patience_of(with.set)));
}

int drop(const context& with, const space_arguments& given) {
  if (!given.yes)
    return with.out.fail(make_error(error_code::invalid,
                                    "the space '" + given.name
                                      + "' and all its keys would go: say --yes"));
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  return tell(with, given.name, (*client)->drop_space(given.name, patience_of(with.set)));
}

/// Asks a session for the map and shows something of it.
template <class Show>
int with_map(const context& with, Show show) {
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  const auto map = (*client)->map(patience_of(with.set));
  if (!map)
    return with.out.fail(map.problem());
  return show(**map);
}

int list(const context& with) {
  return with_map(with, [&](const cluster_map& map) {
    std::vector<json> rows;
    for (const auto& [name, id] : map.spaces)
      rows.push_back({{"space", name},
                      {"id", id.value},
                      {"ranges", ranges_of(map, id).size()},
                      {"conflict", conflict::to_string(map.settings_of(id).conflicts)}});
    with.out.list({"space", "id", "ranges", "conflict"}, rows);
    return 0;
  });
}

int show(const context& with, const space_arguments& given) {
  return with_map(with, [&](const cluster_map& map) {
    const auto space = map.spaces.find(given.name);
    if (space == map.spaces.end())
      return with.out.fail(make_error(error_code::unknown_space,
                                      "there is no space '" + given.name + "'"));
    const auto settings = map.settings_of(space->second);
    with.out.say("conflict: " + conflict::to_string(settings.conflicts));
    if (settings.closes_after_ms != 0)
      with.out.say("closes after: " + std::to_string(settings.closes_after_ms) + " ms");
    if (!settings.schema.empty())
      with.out.say("schema: " + settings.schema);
    if (!settings.policy.empty())
      with.out.say("policy: " + settings.policy);
    if (settings.versions_kept > 1)
      with.out.say("versions: " + std::to_string(settings.versions_kept));
    std::vector<json> rows;
    for (const auto* range : ranges_of(map, space->second)) {
      json row;
      client::put_bytes(row, "from", range->first);
      row["partition"] = range->partition.value;
      rows.push_back(std::move(row));
    }
    with.out.list({"from", "partition"}, rows);
    return 0;
  });
}

void add_settings(CLI::App& verb, const std::shared_ptr<space_arguments>& given) {
  verb.add_option("--conflict", given->conflicts,
                  "reject, last-writer-wins, first-writer-wins, merge:union, "
                  "merge:intersection, merge:crdt, merge:custom:NAME, escalate or escalate:PATH");
  verb.add_option("--closes-after", given->closes_after_ms,
                  "ms that a write's --at may lie back; 0: as far as it likes");
  verb.add_option("--schema", given->schema, "of the values, as the nodes' program has it");
  verb.add_option("--policy", given->policy, "rule for writes, as the nodes' program has it");
  verb.add_option("--versions", given->versions,
                  "how many of each key are kept, for reads --at a stamp; 1 by default")
    ->check(CLI::Range(1u, bounds::max_versions_kept));
}

} // namespace

void add_space(program& present) {
  auto& space = *present.app.add_subcommand("space", "Named sets of keys");
  space.require_subcommand(1);
  auto given = std::make_shared<space_arguments>();
  auto& made = *space.add_subcommand("create", "Make a space");
  made.add_option("name", given->name, "1 to 64 bytes")->required();
  made.add_option("--split", given->pieces, "ranges, cut evenly by the first byte of keys")
    ->check(CLI::Range(1, 256));
  made.add_option("--split-at", given->split_at, "keys at which ranges begin, rising")
    ->delimiter(',');
  add_settings(made, given);
  add_connection_flags(made, present);
  choose(made, present, [given](const context& with) { return create(with, *given); });
  auto& listed = *space.add_subcommand("list", "All spaces");
  add_connection_flags(listed, present);
  choose(listed, present, [](const context& with) { return list(with); });
  auto& shown = *space.add_subcommand("show", "Which partition has which keys of a space");
  shown.add_option("name", given->name, "the space")->required();
  add_connection_flags(shown, present);
  choose(shown, present, [given](const context& with) { return show(with, *given); });
  auto& set = *space.add_subcommand("set", "Change how a space settles conflicts, "
                                           "or how many versions it keeps");
  set.add_option("name", given->name, "the space")->required();
  add_settings(set, given);
  add_connection_flags(set, present);
  choose(set, present, [given](const context& with) { return change(with, *given); });
  auto& dropped = *space.add_subcommand("drop", "Remove a space and all its keys");
  dropped.add_option("name", given->name, "the space")->required();
  dropped.add_flag("--yes", given->yes, "do it");
  add_connection_flags(dropped, present);
  choose(dropped, present, [given](const context& with) { return drop(with, *given); });
}

} // namespace present::tools
