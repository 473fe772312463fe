#include "tools/present/cluster_session.hpp"
#include "tools/present/locked_work.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <memory>

namespace present::tools {

namespace {

struct elect_arguments {
  lock_arguments lock;
  bool observe = false;
  bool once = false;
};

/// How long one question waits at the leader for a change.
constexpr auto watch_for = std::chrono::milliseconds(1'000);

json record_of(const std::string& name, const lock_standing& who) {
  json record{{"name", name}, {"leads", who.token.value != 0}};
  record["token"] = who.token.value;
  record["owner"] = who.owner;
  record["value"] = who.value ? *who.value : "";
  record["waiting"] = who.waiting;
  return record;
}

int stand(const context& with, client_session& client, const elect_arguments& given,
          const wanted_lock& wanted, signal_wait& signals) {
  auto held = take_lock(client, wanted, signals);
  if (!held)
    return with.out.fail(held.problem());
  if (!given.lock.command.empty()) {
    const auto status = run_locked(*held, given.lock.name, given.lock.command, signals);
    (void)held->release();
    return status ? *status : with.out.fail(status.problem());
  }
  with.out.one({{"name", given.lock.name}, {"leads", true}, {"token", held->token().value}});
  const auto lost = hold(*held, signals);
  (void)held->release();
  return lost ? with.out.fail(*lost) : 0;
}

/// A line for each leader, and for the times without one.
int observe(const context& with, client_session& client, const elect_arguments& given,
            const client::lock_name& name, signal_wait& signals) {
  std::optional<hlc_stamp> told;
  while (!signals.wait({}, 0)) {
    const bool waits = told && !given.once;
    auto found = client.read_lock(name.space, name.key, told.value_or(hlc_stamp{}),
                                  waits ? watch_for : std::chrono::milliseconds{0},
                                  waits ? watch_for + patience_of(with.set)
                                        : patience_of(with.set));
    const bool is_nowhere = !found && found.problem().code == error_code::unknown_space
                            && name.space == client::default_lock_space;
    if (is_nowhere)
      found = lock_standing{}; // nobody has wanted one yet
    if (!found)
      return with.out.fail(found.problem());
    if (!told || *told != found->version)
      with.out.one(record_of(given.lock.name, *found));
    told = found->version;
    if (given.once || (is_nowhere && signals.wait({}, watch_for.count())))
      return 0;
  }
  return 0;
}

int run(const context& with, const elect_arguments& given) {
  const auto wanted = wanted_lock_of(given.lock);
  if (!wanted)
    return with.out.fail(wanted.problem());
  signal_wait signals({SIGINT, SIGTERM, SIGHUP});
  auto client = open_session(with.set, access::client);
  if (!client)
    return with.out.fail(client.problem());
  return given.observe ? observe(with, **client, given, wanted->name, signals)
                       : stand(with, **client, given, *wanted, signals);
}

} // namespace

void add_elect(program& present) {
  auto given = std::make_shared<elect_arguments>();
  auto& verb = *present.app.add_subcommand(
    "elect", "Stand for election, and lead until a signal comes; or see who leads");
  verb.add_option("name", given->lock.name, "NAME, or SPACE/NAME; an election is a lock")
    ->required();
  auto* value = verb.add_option("--value", given->lock.value, "what others see of who leads");
  verb.add_option("--lease", given->lock.lease, "the leadership is lost when the cluster can't "
                                                "be told for so long that its holder lives")
    ->capture_default_str();
  verb.add_option("--wait", given->lock.wait, "to be elected: at most so long; 0ms: not at all");
  verb.add_option("--owner", given->lock.owner, "who it is, for people; default: host and process");
  verb.add_option("--guard", given->lock.guards, "as of `lock`")->allow_extra_args(false);
  auto* observing = verb.add_flag("--observe", given->observe, "print who leads, and each change");
  observing->excludes(value);
  verb.add_flag("--once", given->once, "with --observe: print who leads now, and end")
    ->needs(observing);
  verb.add_option("command", given->lock.command, "after --: what to run while it leads");
  add_connection_flags(verb, present);
  choose(verb, present, [given](const context& with) { return run(with, *given); });
}

} // namespace present::tools
