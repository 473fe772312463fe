#include "tools/present/cluster_session.hpp"
#include "tools/present/cluster_views.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace present::tools {

namespace {

constexpr int exit_unhealthy = 10;

int show_status(const context& with) {
  auto admin = open_session(with.set, access::admin);
  if (!admin)
    return with.out.fail(admin.problem());
  const auto status = (*admin)->status(patience_of(with.set));
  if (!status)
    return with.out.fail(status.problem());
  with.out.document(to_json(*status), to_text(*status));
  return status->available ? 0 : exit_unhealthy;
}

} // namespace

void add_status(program& present) {
  auto& verb = *present.app.add_subcommand(
    "status", "Who leads what, and what may still fail (exit status 10: unavailable)");
  add_connection_flags(verb, present);
  choose(verb, present, show_status);
}

} // namespace present::tools
