#include "tools/present/child_process.hpp"
#include "tools/present/cluster_file.hpp"
#include "tools/present/files.hpp"
#include "tools/present/local_cluster.hpp"
#include "tools/present/node_run.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <memory>

#include <poll.h>

namespace present::tools {

namespace {

constexpr std::uint64_t wait_ms = 10'000;
constexpr int look_again_ms = 20;

/// A node of the local cluster that --data names.
struct named_node {
  std::filesystem::path data;
  cluster_file cluster;
  node_id id;

  const cluster_node& node() const { return *cluster.node(id); }
  pid_t pid() const { return static_cast<pid_t>(node().pid); }
};

result<named_node> find_node(const settings& set, std::uint32_t number) {
  named_node found{set.text("data"), {}, node_id{number}};
  if (found.data.empty())
    return make_error(error_code::invalid, "which cluster? --data DIR");
  auto cluster = load_cluster_file(found.data);
  if (!cluster)
    return cluster.problem();
  found.cluster = *cluster;
  if (!found.cluster.node(found.id))
    return make_error(error_code::not_found,
                      "no node " + std::to_string(number) + " in " + found.data.string());
  return found;
}

status send_signal(const named_node& to, int signal) {
  if (!runs_this_program(to.pid()))
    return make_error(error_code::not_found,
                      "node " + std::to_string(to.id.value) + " doesn't run");
  ::kill(to.pid(), signal);
  return success();
}

status kill_node(const named_node& one) {
  // The marker first, or `up` might start the node again before it is there.
  if (auto held = replace_file(held_marker(one.data, one.id), ""); !held)
    return held;
  if (auto sent = send_signal(one, SIGKILL); !sent)
    return sent;
  ends_within(one.pid(), wait_ms);
  return success();
}

/// Where an `up` tends the cluster, it is asked; it owns its nodes.
status ask_supervisor(const named_node& one) {
  ::kill(static_cast<pid_t>(one.cluster.supervisor_pid), SIGUSR1);
  const auto deadline = local_cluster::clock::now() + std::chrono::milliseconds(wait_ms);
  while (local_cluster::clock::now() < deadline) {
    const auto now = load_cluster_file(one.data);
    if (now && runs_this_program(static_cast<pid_t>(now->node(one.id)->pid)))
      return success();
    ::poll(nullptr, 0, look_again_ms);
  }
  return make_error(error_code::deadline, "node " + std::to_string(one.id.value)
                                            + " doesn't start: see " + one.node().log);
}

status start_node(named_node& one) {
  std::filesystem::remove(held_marker(one.data, one.id));
  if (runs_this_program(one.pid()))
    return success();
  if (runs_this_program(static_cast<pid_t>(one.cluster.supervisor_pid)))
    return ask_supervisor(one);
  auto child = child_process::start({.arguments = node_command(one.data, one.id),
                                     .log = one.node().log,
                                     .dies_with_us = false});
  if (!child)
    return child.problem();
  one.cluster.node(one.id)->pid = child->pid();
  child->release();
  return save_cluster_file(one.data, one.cluster);
}

using node_action = status (*)(named_node&);

void add_action(CLI::App& node, program& present, const std::string& name,
                const std::string& meaning, node_action act) {
  auto& verb = *node.add_subcommand(name, meaning);
  auto number = std::make_shared<std::uint32_t>(0);
  verb.add_option("node", *number, "the node's number")->required();
  add_setting_flag(verb, present, "data");
  choose(verb, present, [number, act](const context& with) {
    auto found = find_node(with.set, *number);
    if (!found)
      return with.out.fail(found.problem());
    if (auto done = act(*found); !done)
      return with.out.fail(done.problem());
    return 0;
  });
}

} // namespace

void add_node(program& present) {
  auto& node = *present.app.add_subcommand("node", "Run a node, or do something to one");
  node.require_subcommand(1);
  auto& run = *node.add_subcommand("run", "Be a node of a cluster, until SIGTERM");
  // The program's own --config names the user's settings, not a node's.
  auto given = std::make_shared<node_run_arguments>();
  run.add_option("--config", given->file, "the node's file")->required();
  run.add_flag("--http-plain", given->http_plain, "HTTP without TLS, on loopback only");
  run.add_option("--health-listen", given->health_listen,
                 "health, readiness and metrics without TLS, on this loopback HOST:PORT");
  choose(run, present, [given](const context& with) { return run_node_file(with, *given); });
  add_action(node, present, "pause", "Stop it as it is (SIGSTOP)",
             [](named_node& one) { return send_signal(one, SIGSTOP); });
  add_action(node, present, "resume", "Let it go on (SIGCONT)",
             [](named_node& one) { return send_signal(one, SIGCONT); });
  add_action(node, present, "kill", "Kill it (SIGKILL); it stays down until `start`",
             [](named_node& one) { return kill_node(one); });
  add_action(node, present, "start", "Start it again", start_node);
}

} // namespace present::tools
