#include "tools/present/process_faults.hpp"

#include "tools/present/files.hpp"
#include "tools/present/local_cluster.hpp"

#include <array>
#include <csignal>

#include <glob.h>
#include <poll.h>
#include <sys/wait.h>

namespace present::tools {

namespace {

constexpr std::uint64_t end_ms = 10'000;
constexpr int looks = 100;
constexpr int look_again_ms = 5;

std::string name_of(node_id id) {
  return "node " + std::to_string(id.value);
}

pid_t pid_of(const fault_scene& scene) {
  return static_cast<pid_t>(scene.cluster.node(scene.victim)->pid);
}

/// "T" in /proc/PID/stat, behind the program's name, which may hold anything.
bool stands_still(pid_t pid) {
  const auto line = read_file("/proc/" + std::to_string(pid) + "/stat");
  if (!line)
    return false;
  const auto behind_name = line->rfind(") ");
  return behind_name != std::string::npos && line->at(behind_name + 2) == 'T';
}

} // namespace

result<std::string> kill_fault::inject(const fault_order&, const fault_scene& scene) {
  if (!runs_this_program(static_cast<pid_t>(scene.cluster.supervisor_pid)))
    return make_error(error_code::invalid,
                      "who would start the node again? No `present up` runs this cluster");
  const auto victim = pid_of(scene);
  ::kill(victim, SIGKILL);
  ended_ = ends_within(victim, end_ms);
  return name_of(scene.victim) + " (process " + std::to_string(victim) + ')';
}

result<std::string> pause_fault::inject(const fault_order& order, const fault_scene& scene) {
  victim_ = pid_of(scene);
  ::kill(victim_, SIGSTOP);
  stood_still_ = false;
  for (int look = 0; look < looks && !stood_still_; ++look) {
    stood_still_ = stands_still(victim_);
    if (!stood_still_)
      ::poll(nullptr, 0, look_again_ms);
  }
  return name_of(scene.victim) + " for " + std::to_string(order.hold_ms) + " ms";
}

bool pause_fault::heal() {
  if (runs_this_program(victim_))
    ::kill(victim_, SIGCONT);
  return stood_still_;
}

std::filesystem::path skew_fault::library() {
  glob_t found{};
  std::filesystem::path path;
  if (::glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, nullptr, &found) == 0)
    path = found.gl_pathv[0];
  ::globfree(&found);
  return path;
}

result<std::string> skew_fault::inject(const fault_order& order, const fault_scene& scene) {
  // Within the bound of 250 ms, about twice it, and far off.
  constexpr std::array offsets{"+0.2s", "-0.2s", "+0.6s", "-0.6s", "-30s"};
  const auto* offset = offsets.at(order.chance / scene.cluster.nodes.size() % offsets.size());
  victim_ = scene.victim;
  if (auto killed = run_verb("kill"); !killed)
    return killed.problem();
  std::vector<std::string> command{"/usr/bin/env", "LD_PRELOAD=" + library().string(),
                                   std::string{"FAKETIME="} + offset,
                                   "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_NO_CACHE=1"};
  for (auto& word : node_command(data_, victim_))
    command.push_back(std::move(word));
  auto started = child_process::start(
    {.arguments = command, .log = scene.cluster.node(victim_)->log});
  if (!started) {
    run_verb("start");
    return started.problem();
  }
  skewed_.emplace(std::move(*started));
  return name_of(victim_) + " runs with its wall clock at " + offset;
}

bool skew_fault::heal() {
  // One that ended by itself was never there.
  const auto ran = skewed_ && !skewed_->wait_status();
  skewed_.reset(); // SIGKILL
  return static_cast<bool>(run_verb("start")) && ran;
}

status skew_fault::run_verb(const char* verb) const {
  auto child = child_process::start({.arguments = {own_program().string(), "node", verb,
                                                   std::to_string(victim_.value), "--data",
                                                   data_.string()}});
  if (!child)
    return child.problem();
  if (!child->ends_within(2 * end_ms) || child->wait_status() != 0)
    return make_error(error_code::invalid, std::string{"can't "} + verb + ' ' + name_of(victim_));
  return success();
}

} // namespace present::tools
