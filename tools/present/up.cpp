#include "tools/present/cluster_session.hpp"
#include "tools/present/cluster_watch.hpp"
#include "tools/present/local_cluster.hpp"
#include "tools/present/program.hpp"
#include "tools/present/scratch_folder.hpp"
#include "tools/present/signal_wait.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <memory>

namespace present::tools {

namespace {

constexpr std::uint64_t default_start_ms = 60'000;

struct up_arguments {
  bool keep = false;
  bool detach = false;
  bool http_plain = false;
};

std::uint64_t start_timeout_ms(const settings& set) {
  return set.is_given("timeout") ? set.duration_ms("timeout") : default_start_ms;
}

void announce(const context& with, const local_cluster& cluster) {
  const auto data = cluster.data().string();
  const auto& file = cluster.file();
  if (with.out.shape() != format::table) {
    with.out.document(json::parse(encode_cluster_file(file)), "");
    return;
  }
  std::vector<json> nodes;
  for (const auto& node : file.nodes)
    nodes.push_back({{"node", node.id.value}, {"pid", node.pid}, {"rpc", node.rpc},
                     {"http", cluster.http_url(node)}, {"log", node.log}});
  with.out.list({"node", "pid", "rpc", "http", "log"}, nodes);
  const auto program = own_program().string();
  with.out.say("\nThe cluster runs until Ctrl-C. Try next:");
  with.out.say("  " + program + " space create first --data " + data);
  with.out.say("  " + program + " kv put first color blue --data " + data);
  with.out.say("  " + program + " status --data " + data);
}

status wait_until_whole(const context& with, local_cluster& cluster,
                        signal_wait& signals) {
  auto admin = open_session(target_of(cluster.file(), access::admin));
  if (!admin)
    return admin.problem();
  return wait_for_status(cluster, **admin, signals, start_timeout_ms(with.set), is_whole);
}

int run_here(const context& with, const up_arguments& given) {
  // Before any other thread: they inherit what is blocked.
  signal_wait signals{{SIGINT, SIGTERM, SIGUSR1}};
  const scratch_folder folder{with.set.text("data"), given.keep};
  auto cluster = local_cluster::prepare(
    {.data = folder.path(),
     .nodes = static_cast<std::uint32_t>(with.set.count("nodes")),
     .partitions = static_cast<std::uint32_t>(with.set.count("partitions")),
     .random_ports = with.set.text("ports") == "random",
     .http_plain = given.http_plain});
  if (!cluster)
    return with.out.fail(cluster.problem());
  if (auto started = cluster->start_all(); !started)
    return with.out.fail(started.problem());
  if (auto founded = cluster->found(start_timeout_ms(with.set)); !founded)
    return with.out.fail(founded.problem());
  if (auto ready = wait_until_whole(with, *cluster, signals); !ready)
    return with.out.fail(ready.problem());
  announce(with, *cluster);
  serve_until_signal(*cluster, signals, with.out);
  return 0;
}

/// The same in the background. Its first line, the cluster's description, says
/// that it is ready.
int run_detached(const context& with, const up_arguments& given) {
  const scratch_folder folder{with.set.text("data"), true};
  std::error_code ignored;
  std::filesystem::create_directories(folder.path(), ignored);
  const auto log = folder.path() / "up.log";
  auto command = std::vector<std::string>{own_program().string(), "up", "-o", "jsonl",
                                          "--data", folder.path().string()};
  for (const auto* name : {"nodes", "partitions", "ports"}) {
    command.push_back(std::string{"--"} + name);
    command.push_back(with.set.text(name));
  }
  if (given.http_plain)
    command.push_back("--http-plain");
  command.push_back("--timeout");
  command.push_back(std::to_string(start_timeout_ms(with.set)) + "ms");
  auto background = child_process::start(
    {.arguments = command, .log = log, .dies_with_us = false, .captures_output = true});
  if (!background)
    return with.out.fail(background.problem());
  const auto line = background->read_line();
  const auto described = decode_cluster_file(line, "up");
  if (!described)
    return with.out.fail(make_error(error_code::no_quorum,
                                    "the cluster didn't start: see " + log.string()));
  background->release();
  with.out.document(json::parse(line), "the cluster runs in " + folder.path().string()
                                         + "; end it with `present down --data "
                                         + folder.path().string() + "`\n");
  return 0;
}

} // namespace

void add_up(program& present) {
  auto& verb = *present.app.add_subcommand("up", "Start a cluster on this machine");
  auto given = std::make_shared<up_arguments>();
  for (const auto* name : {"data", "nodes", "partitions", "ports", "timeout"})
    add_setting_flag(verb, present, name);
  verb.add_flag("--keep", given->keep, "keep the data of a cluster without --data");
  verb.add_flag("--detach", given->detach, "return when it is ready, run on behind");
  verb.add_flag("--http-plain", given->http_plain,
                "HTTP without TLS: whoever is on this machine may do everything");
  choose(verb, present, [given](const context& with) {
    return given->detach ? run_detached(with, *given) : run_here(with, *given);
  });
}

} // namespace present::tools
