#include "tools/present/cluster_session.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace present::tools {

namespace {

struct space_arguments {
  std::string name;
  bool yes = false;
};

int tell(const context& with, const std::string& name, const result<written>& done) {
  if (!done)
    return with.out.fail(done.problem());
  with.out.one({{"space", name}, {"version", done->version.value}});
  return 0;
}

int create(const context& with, const space_arguments& given) {
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  return tell(with, given.name, (*client)->create_space(given.name, patience_of(with.set)));
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

} // namespace

void add_space(program& present) {
  auto& space = *present.app.add_subcommand("space", "Named sets of keys");
  space.require_subcommand(1);
  auto given = std::make_shared<space_arguments>();
  auto& made = *space.add_subcommand("create", "Make a space");
  made.add_option("name", given->name, "1 to 64 bytes")->required();
  add_connection_flags(made, present);
  choose(made, present, [given](const context& with) { return create(with, *given); });
  auto& dropped = *space.add_subcommand("drop", "Remove a space and all its keys");
  dropped.add_option("name", given->name, "the space")->required();
  dropped.add_flag("--yes", given->yes, "do it");
  add_connection_flags(dropped, present);
  choose(dropped, present, [given](const context& with) { return drop(with, *given); });
}

} // namespace present::tools
