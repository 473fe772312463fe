#include "tools/present/cluster_watch.hpp"

#include "tools/present/cluster_views.hpp"

#include <algorithm>
#include <csignal>

namespace present::tools {

namespace {

constexpr std::uint64_t look_again_ms = 20;
constexpr std::uint64_t tend_ms = 200;
constexpr std::uint64_t stop_ms = 10'000;
constexpr std::chrono::milliseconds answer_patience{1'000};

bool asks_to_stop(std::optional<int> signal) {
  return signal == SIGINT || signal == SIGTERM;
}

std::string describe(const result<cluster_status>& seen) {
  return seen ? to_text(*seen) : seen.problem().message;
}

} // namespace

status wait_for_status(local_cluster& cluster, client_session& admin, signal_wait& signals,
                       std::uint64_t timeout_ms,
                       const std::function<bool(const cluster_status&)>& wanted) {
  const auto deadline
    = local_cluster::clock::now() + std::chrono::milliseconds(timeout_ms);
  for (;;) {
    const auto seen = admin.status(answer_patience);
    if (seen && wanted(*seen))
      return success();
    if (local_cluster::clock::now() >= deadline)
      return make_error(error_code::deadline,
                        "the cluster isn't ready after " + std::to_string(timeout_ms)
                          + " ms; last seen: " + describe(seen)
                          + "; the nodes' logs are in " + cluster.data().string());
    if (asks_to_stop(signals.wait(cluster.ended_fds(), look_again_ms)))
      return make_error(error_code::unknown_outcome, "stopped by a signal");
    cluster.tend();
  }
}

bool is_whole(const cluster_status& status) {
  return status.available
         && std::all_of(status.nodes.begin(), status.nodes.end(),
                        [](const member_status& node) { return node.state == "up"; });
}

void serve_until_signal(local_cluster& cluster, signal_wait& signals, output& out) {
  while (!asks_to_stop(signals.wait(cluster.ended_fds(), tend_ms)))
    for (const auto& line : cluster.tend())
      out.say(line);
  out.say("stopping");
  cluster.stop_all(stop_ms);
}

result<supervision::description> cluster_tree(client_session& admin,
                                              client_session::deadline patience) {
  const auto status = admin.status(patience);
  if (!status)
    return status.problem();
  supervision::description root;
  root.id = "cluster";
  root.kind = "cluster";
  root.state = status->available ? "running" : "unavailable";
  for (const auto& node : status->nodes) {
    auto tree = admin.tree(node.id, patience);
    if (tree) {
      root.children.push_back(std::move(*tree));
      continue;
    }
    supervision::description silent;
    silent.id = "node-" + std::to_string(node.id.value);
    silent.kind = "node";
    silent.node = node.id;
    silent.state = node.state;
    silent.last_error = tree.problem().message;
    root.children.push_back(std::move(silent));
  }
  return root;
}

} // namespace present::tools
