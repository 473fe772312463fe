#include "tools/present/child_process.hpp"
#include "tools/present/cluster_file.hpp"
#include "tools/present/program.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>

namespace present::tools {

namespace {

constexpr std::uint64_t polite_ms = 15'000;

/// Whether it ended; at once if it doesn't run.
bool end_process(std::int64_t pid) {
  const auto process = static_cast<pid_t>(pid);
  if (!runs_this_program(process))
    return true;
  ::kill(process, SIGTERM);
  // A paused process gets its SIGTERM only when it goes on.
  ::kill(process, SIGCONT);
  if (ends_within(process, polite_ms))
    return true;
  ::kill(process, SIGKILL);
  return ends_within(process, polite_ms);
}

int down(const context& with) {
  const std::filesystem::path data{with.set.text("data")};
  if (data.empty())
    return with.out.fail(make_error(error_code::invalid, "which cluster? --data DIR"));
  auto cluster = load_cluster_file(data);
  if (!cluster)
    return with.out.fail(cluster.problem());
  // The supervisor first: it stops its nodes, and would restart them otherwise.
  bool ended = end_process(cluster->supervisor_pid);
  for (auto& node : cluster->nodes) {
    ended = end_process(node.pid) && ended;
    node.pid = 0;
  }
  if (!ended)
    return with.out.fail(make_error(error_code::invalid,
                                    "a process of " + data.string() + " doesn't end"));
  cluster->supervisor_pid = 0;
  // A cluster without a folder of its own has taken that with it.
  if (std::filesystem::exists(cluster_file_path(data)))
    if (auto saved = save_cluster_file(data, *cluster); !saved)
      return with.out.fail(saved.problem());
  with.out.say("the cluster in " + data.string() + " is down");
  return 0;
}

} // namespace

void add_down(program& present) {
  auto& verb = *present.app.add_subcommand("down", "Stop a cluster on this machine");
  add_setting_flag(verb, present, "data");
  choose(verb, present, down);
}

} // namespace present::tools
