#include "tools/present/cluster_session.hpp"
#include "tools/present/locked_work.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <memory>

namespace present::tools {

namespace {

int run(const context& with, const lock_arguments& given) {
  const auto wanted = wanted_lock_of(given);
  if (!wanted)
    return with.out.fail(wanted.problem());
  signal_wait signals({SIGINT, SIGTERM, SIGHUP});
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  auto held = take_lock(**client, *wanted, signals);
  if (!held)
    return with.out.fail(held.problem());
  const auto status = run_locked(*held, given.name, given.command, signals);
  (void)held->release();
  return status ? *status : with.out.fail(status.problem());
}

} // namespace

void add_lock(program& present) {
  auto given = std::make_shared<lock_arguments>();
  auto& verb = *present.app.add_subcommand(
    "lock", "Run a command while holding a lock; its exit status is the command's");
  verb.add_option("name", given->name, "NAME, or SPACE/NAME to have it beside that space's keys")
    ->required();
  verb.add_option("--lease", given->lease, "lost when the cluster can't be told for so long "
                                           "that its holder lives")->capture_default_str();
  verb.add_option("--wait", given->wait,
                  "for a lock that is held: at most so long; 0ms: not at all");
  verb.add_option("--owner", given->owner, "who it is, for people; default: host and process");
  verb.add_option("--guard", given->guards,
                  "SPACE/KEY that is written under it: older tokens are refused there from the "
                  "start; may come several times")
    ->allow_extra_args(false);
  verb.add_option("command", given->command, "after --: what to run, with PRESENT_LOCK (for "
                                             "--fence), PRESENT_LOCK_NAME and PRESENT_LOCK_TOKEN")
    ->required();
  add_connection_flags(verb, present);
  choose(verb, present, [given](const context& with) { return run(with, *given); });
}

} // namespace present::tools
