#include "tools/present/fault_injector.hpp"

#include "tools/present/child_process.hpp"

#include <algorithm>

namespace present::tools {

namespace {

constexpr time_ms never_due = ~time_ms{0};

} // namespace

fault_injector::fault_injector(fault_schedule schedule, fault_set faults, surroundings where,
                               time_ms now)
    : schedule_(std::move(schedule)), faults_(std::move(faults)), where_(std::move(where)),
      due_(never_due) {
  for (const auto& [kind, one] : faults_)
    counts_[std::string{to_string(kind)}] = {};
  if (schedule_.is_empty())
    return;
  order_ = schedule_.next();
  due_ = now + order_.quiet_ms;
}

fault_injector::~fault_injector() {
  finish();
}

std::string fault_injector::tick(time_ms now) {
  if (now < due_)
    return "";
  return held_ ? heal(now) : inject(now);
}

void fault_injector::finish() {
  if (held_)
    heal(due_);
  due_ = never_due;
}

std::string fault_injector::inject(time_ms now) {
  const auto name = std::string{to_string(order_.what)};
  // What can't be done now may be possible when the cluster has settled.
  due_ = now + order_.quiet_ms;
  const auto scene = look();
  if (!scene)
    return "no " + name + ": " + scene.problem().message;
  auto& chosen = *faults_.at(order_.what);
  const auto done = chosen.inject(order_, *scene);
  if (!done)
    return "no " + name + ": " + done.problem().message;
  ++counts_[name].injected;
  held_ = &chosen;
  due_ = now + order_.hold_ms;
  return name + ": " + *done;
}

std::string fault_injector::heal(time_ms now) {
  const auto name = std::string{to_string(order_.what)};
  if (held_->heal())
    ++counts_[name].effective;
  held_ = nullptr;
  order_ = schedule_.next();
  due_ = now + order_.quiet_ms;
  return name + " is over";
}

result<fault_scene> fault_injector::look() const {
  auto cluster = load_cluster_file(where_.data);
  if (!cluster)
    return cluster.problem();
  std::vector<node_id> candidates;
  if (order_.whom == fault_target::leader)
    candidates = where_.find_leaders();
  if (candidates.empty())
    for (const auto& node : cluster->nodes)
      candidates.push_back(node.id);
  std::erase_if(candidates, [&](node_id id) {
    const auto* node = cluster->node(id);
    return !node || !runs_this_program(static_cast<pid_t>(node->pid));
  });
  if (candidates.empty())
    return make_error(error_code::not_found, "no node of the cluster runs here");
  return fault_scene{*cluster, candidates[order_.chance % candidates.size()]};
}

} // namespace present::tools
