#include "tools/present/cluster_session.hpp"
#include "tools/present/founding.hpp"
#include "tools/present/program.hpp"
#include "tools/present/signal_wait.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <memory>

namespace present::tools {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::uint64_t look_again_ms = 100;
constexpr std::uint64_t default_wait_ms = 120'000;
constexpr std::uint32_t default_partitions = 4;

struct cluster_arguments {
  std::vector<std::string> addresses;
  std::uint32_t node = 0;
  bool undo = false;
  bool wait = false;
  bool yes = false;
};

std::string text(node_id node) {
  return "node " + std::to_string(node.value);
}

/// An admin of the cluster; also connected to nodes that are not yet in it.
result<std::unique_ptr<client_session>>
open_admin(const context& with, const std::vector<std::string>& addresses) {
  auto target = resolve_target(with.set, access::admin);
  if (!target)
    return target.problem();
  for (const auto& address : addresses)
    target->endpoints.push_back({address, {}});
  return open_session(*target);
}

/// The same for nodes that are no cluster yet: any of them is the way in.
result<std::unique_ptr<client_session>>
open_admin_of_new(const context& with, const std::vector<std::string>& addresses) {
  connection_target target;
  for (const auto& address : addresses)
    target.endpoints.push_back({address, {}});
  for (const auto& [name, member] : {std::pair{"ca", &connection_target::ca},
                                     std::pair{"cert", &connection_target::cert},
                                     std::pair{"key", &connection_target::key}}) {
    target.*member = with.set.text(name);
    if ((target.*member).empty())
      return make_error(error_code::invalid,
                        std::string{"--"} + name + " is missing: an admin's certificate founds "
                                                   "a cluster");
  }
  return open_session(target);
}

status ask(client_session& admin, client::call_kind what, const context& with) {
  auto how = admin.call(std::move(what), patience_of(with.set));
  if (how.problem.code != error_code::ok)
    return how.problem;
  return success();
}

/// How many partitions the node keeps, or may keep by what their leaders know, and how many
/// it is to keep.
struct kept_partitions {
  std::size_t now = 0;
  std::size_t wanted = 0;
};

kept_partitions kept_by(const cluster_map& map, node_id node) {
  kept_partitions count;
  for (const auto& group : map.partitions) {
    count.now += has_node(group.members, node) || is_departing(group, node) ? 1 : 0;
    count.wanted += has_node(group.wanted, node) ? 1 : 0;
  }
  return count;
}

/// Until the map is as wanted. Says how far it is, when that changes.
status wait_for_map(const context& with, client_session& admin, node_id node,
                    const std::function<bool(const kept_partitions&)>& wanted) {
  signal_wait signals{{SIGINT, SIGTERM}};
  const auto deadline
    = clock::now()
      + std::chrono::milliseconds(with.set.is_given("timeout") ? with.set.duration_ms("timeout")
                                                               : default_wait_ms);
  std::optional<std::size_t> said;
  for (;;) {
    const auto map = admin.map(std::chrono::seconds(1));
    const auto count = map ? kept_by(**map, node) : kept_partitions{};
    if (map && wanted(count)) {
      with.out.say(text(node) + " keeps " + std::to_string(count.now) + " partitions, as wanted");
      return success();
    }
    if (map && said != count.now) {
      said = count.now;
      with.out.say(text(node) + " keeps " + std::to_string(count.now) + " partitions, is to keep "
                   + std::to_string(count.wanted));
    }
    if (clock::now() >= deadline)
      return make_error(error_code::deadline,
                        text(node) + ": not yet as wanted; it goes on, look with `present status`");
    if (signals.wait({}, look_again_ms))
      return make_error(error_code::unknown_outcome, "stopped by a signal; the cluster goes on");
  }
}

status wait_until_empty(const context& with, client_session& admin, node_id node) {
  return wait_for_map(with, admin, node,
                      [](const kept_partitions& count) { return count.now == 0; });
}

status wait_until_filled(const context& with, client_session& admin, node_id node) {
  return wait_for_map(with, admin, node, [](const kept_partitions& count) {
    return count.wanted > 0 && count.now == count.wanted;
  });
}

int finish(const context& with, const status& done) {
  return done ? 0 : with.out.fail(done.problem());
}

// -- verbs -------------------------------------------------------------------------

int init(const context& with, const cluster_arguments& given) {
  const auto partitions = static_cast<std::uint32_t>(with.set.count("partitions"));
  auto admin = open_admin_of_new(with, given.addresses);
  if (!admin)
    return with.out.fail(admin.problem());
  const auto done = found_cluster(**admin, given.addresses,
                                  partitions == 0 ? default_partitions : partitions,
                                  patience_of(with.set));
  if (done)
    with.out.say("founded; the nodes elect their leaders now: look with `present status`");
  return finish(with, done);
}

/// Tells the root of the node behind the address, and returns who that is.
result<node_id> add(const context& with, client_session& admin, const std::string& address) {
  const auto self = admin.self(address, patience_of(with.set));
  if (!self) {
    auto problem = self.problem();
    problem.message = address + ": " + problem.message;
    return problem;
  }
  if (self->epoch.value != 0)
    with.out.say(text(self->who.id) + " has heard of a cluster before");
  const auto done = ask(admin,
                        present::add_node{self->who.id, self->who.store, self->who.rpc_address,
                                 self->who.http_address},
                        with);
  if (!done)
    return done.problem();
  return self->who.id;
}

int join(const context& with, const cluster_arguments& given) {
  auto admin = open_admin(with, given.addresses);
  if (!admin)
    return with.out.fail(admin.problem());
  for (const auto& address : given.addresses) {
    const auto joined = add(with, **admin, address);
    if (!joined)
      return with.out.fail(joined.problem());
    with.out.say(text(*joined) + " is a member");
    if (given.wait)
      if (auto filled = wait_until_filled(with, **admin, *joined); !filled)
        return with.out.fail(filled.problem());
  }
  return 0;
}

int drain(const context& with, const cluster_arguments& given) {
  auto admin = open_admin(with, {});
  if (!admin)
    return with.out.fail(admin.problem());
  const node_id node{given.node};
  if (auto asked = ask(**admin, present::drain_node{node, given.undo}, with); !asked)
    return with.out.fail(asked.problem());
  if (!given.wait)
    return 0;
  return finish(with, given.undo ? wait_until_filled(with, **admin, node)
                                 : wait_until_empty(with, **admin, node));
}

int leave(const context& with, const cluster_arguments& given) {
  if (!given.yes)
    return with.out.fail(make_error(error_code::invalid,
                                    text({given.node}) + " would leave for good: say --yes"));
  auto admin = open_admin(with, {});
  if (!admin)
    return with.out.fail(admin.problem());
  return finish(with, ask(**admin, present::remove_node{{given.node}}, with));
}

/// A new node in, a dead one out: what the dead one kept is kept elsewhere before it
/// is let go.
int replace(const context& with, const cluster_arguments& given) {
  auto admin = open_admin(with, given.addresses);
  if (!admin)
    return with.out.fail(admin.problem());
  const node_id gone{given.node};
  const auto joined = add(with, **admin, given.addresses.front());
  if (!joined)
    return with.out.fail(joined.problem());
  with.out.say(text(*joined) + " is a member");
  if (*joined == gone)
    return finish(with, wait_until_filled(with, **admin, gone));
  if (auto asked = ask(**admin, present::drain_node{gone}, with); !asked)
    return with.out.fail(asked.problem());
  if (auto empty = wait_until_empty(with, **admin, gone); !empty)
    return with.out.fail(empty.problem());
  return finish(with, ask(**admin, present::remove_node{gone}, with));
}

int members(const context& with) {
  auto admin = open_admin(with, {});
  if (!admin)
    return with.out.fail(admin.problem());
  const auto status = (*admin)->status(patience_of(with.set));
  if (!status)
    return with.out.fail(status.problem());
  const auto map = (*admin)->map(patience_of(with.set));
  if (!map)
    return with.out.fail(map.problem());
  std::vector<json> rows;
  for (const auto& node : status->nodes) {
    const auto count = kept_by(**map, node.id);
    rows.push_back({{"node", node.id.value}, {"state", node.state}, {"keeps", count.now},
                    {"wanted", count.wanted}, {"rpc", node.rpc_address},
                    {"http", node.http_address}, {"version", node.version}});
  }
  with.out.list({"node", "state", "keeps", "wanted", "rpc", "http", "version"}, rows);
  return 0;
}

void add_changes(CLI::App& cluster, program& present,
                 const std::shared_ptr<cluster_arguments>& given) {
  auto& drained = *cluster.add_subcommand("drain", "Have a node give its partitions to others");
  drained.add_option("id", given->node, "the node's number")->required();
  drained.add_flag("--undo", given->undo, "it stays after all");
  drained.add_flag("--wait", given->wait, "return when it is done");
  add_connection_flags(drained, present);
  choose(drained, present, [given](const context& with) { return drain(with, *given); });
  auto& left = *cluster.add_subcommand("leave", "Let go of a node that keeps nothing any more");
  left.add_option("id", given->node, "the node's number")->required();
  left.add_flag("--yes", given->yes, "do it");
  add_connection_flags(left, present);
  choose(left, present, [given](const context& with) { return leave(with, *given); });
  auto& replaced = *cluster.add_subcommand(
    "replace", "A new node in the place of one that is gone for good");
  replaced.add_option("id", given->node, "the number of the node that is gone")->required();
  replaced.add_option("--node", given->addresses, "the new node, HOST:PORT")->required()->expected(1);
  add_connection_flags(replaced, present);
  choose(replaced, present, [given](const context& with) { return replace(with, *given); });
}

} // namespace

void add_cluster(program& present) {
  auto& cluster = *present.app.add_subcommand("cluster", "The nodes of a cluster");
  cluster.require_subcommand(1);
  auto given = std::make_shared<cluster_arguments>();
  auto& founded = *cluster.add_subcommand("init", "Found a cluster, once, with nodes that run");
  founded.add_option("--node", given->addresses, "HOST:PORT of each of them")->required();
  add_setting_flag(founded, present, "partitions");
  add_connection_flags(founded, present);
  choose(founded, present, [given](const context& with) { return init(with, *given); });
  auto& joined = *cluster.add_subcommand("join", "Let nodes that run into the cluster");
  joined.add_option("--node", given->addresses, "HOST:PORT of each of them")->required();
  joined.add_flag("--wait", given->wait, "return when they keep their part");
  add_connection_flags(joined, present);
  choose(joined, present, [given](const context& with) { return join(with, *given); });
  add_changes(cluster, present, given);
  auto& listed = *cluster.add_subcommand("members", "All nodes, and what they keep");
  add_connection_flags(listed, present);
  choose(listed, present, [](const context& with) { return members(with); });
}

} // namespace present::tools
