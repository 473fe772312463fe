#include "actors/client/key_range.hpp"
#include "actors/http/conflict_reply.hpp"
#include "tools/present/cluster_session.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace present::tools {

namespace {

struct conflict_arguments {
  std::string space;
  std::string key;
  std::uint64_t write = 0;
  bool accept = false;
  bool drop = false;
};

int list(const context& with, const conflict_arguments& given) {
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  std::vector<json> rows;
  scan_options page;
  for (bool more = true; more;) {
    const auto found = (*client)->escalations(given.space, page, patience_of(with.set));
    if (!found)
      return with.out.fail(found.problem());
    for (const auto& row : found->rows)
      for (const auto& one : row.writes)
        rows.push_back(http::waiting_json(row.key, one));
    more = found->more && !found->rows.empty();
    if (more)
      page.first = next_key(found->rows.back().key);
  }
  with.out.list({"key", "write", "path", "reason", "current", "value"}, rows);
  return 0;
}

int resolve(const context& with, const conflict_arguments& given) {
  if (given.accept == given.drop)
    return with.out.fail(make_error(error_code::invalid, "say --accept or --drop"));
  auto client = open_session(with.set, access::admin);
  if (!client)
    return with.out.fail(client.problem());
  const auto done = (*client)->settle_escalation(given.space, given.key, {given.write},
                                                 given.accept, patience_of(with.set));
  if (!done)
    return with.out.fail(done.problem());
  with.out.one(http::settled_json(given.key, {given.write}, given.accept, done->version));
  return 0;
}

} // namespace

void add_conflicts(program& present) {
  auto& conflicts = *present.app.add_subcommand("conflicts", "Writes that wait for a decision");
  conflicts.require_subcommand(1);
  auto given = std::make_shared<conflict_arguments>();
  auto& listed = *conflicts.add_subcommand("list", "What waits in a space");
  listed.add_option("space", given->space, "the space's name")->required();
  add_connection_flags(listed, present);
  choose(listed, present, [given](const context& with) { return list(with, *given); });
  auto& decided = *conflicts.add_subcommand("resolve", "Write what waits, or drop it");
  decided.add_option("space", given->space, "the space's name")->required();
  decided.add_option("key", given->key, "the key")->required();
  decided.add_option("write", given->write, "which, as `list` shows it")->required();
  decided.add_flag("--accept", given->accept, "it is written");
  decided.add_flag("--drop", given->drop, "it is not");
  add_connection_flags(decided, present);
  choose(decided, present, [given](const context& with) { return resolve(with, *given); });
}

} // namespace present::tools
