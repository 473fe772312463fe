#include "tests/simulation/world.hpp"

#include "actors/raft/quorum.hpp"

#include <algorithm>

/// What is done to the group. A fault that had no effect is not counted.
namespace present::simulation {

const world::condition* world::active(fault_kind kind, node_id node) const {
  const auto& item = conditions_[static_cast<std::size_t>(kind)];
  const bool applies = item.target == node_id{} || item.target == node;
  return item.until_us > now_us_ && applies ? &item : nullptr;
}

void world::begin_fault(const fault& item) {
  const auto duration_us = item.duration_ms * 1000;
  auto* leading = current_leader();
  if (item.target == 0 && !leading)
    return;
  auto& node = item.target == 0 ? *leading : nodes_[item.target - 1];
  switch (item.kind) {
    case fault_kind::crash:
    case fault_kind::crash_voter:
    case fault_kind::crash_all:
    case fault_kind::state_lost:
    case fault_kind::pause:
      return begin_halt(item, node);
    case fault_kind::partition:
    case fault_kind::isolate_leader:
    case fault_kind::one_way:
    case fault_kind::link_flap:
      return begin_network_fault(item, node, leading);
    case fault_kind::drift:
      clock_of(node);
      count(item.kind);
      node.drift_per_mille = static_cast<std::int64_t>(item.strength % 100) - 50;
      return;
    case fault_kind::stalled_disk:
      node.stall_next_sync_us = duration_us;
      return;
    case fault_kind::disk_failure:
      node.fail_next_sync = node.up;
      return;
    case fault_kind::transfer:
      if (!leading)
        return;
      count(item.kind);
      return tell(*leading, raft::transfer_leadership{node_id{item.other}});
    case fault_kind::reconfigure:
      if (leading)
        reconfigure(*leading, item.strength);
      return;
    case fault_kind::drop:
    case fault_kind::delay:
    case fault_kind::duplicate:
    case fault_kind::reply_loss:
    case fault_kind::slow_disk:
    case fault_kind::disk_full:
    case fault_kind::compaction:
      conditions_[static_cast<std::size_t>(item.kind)]
        = {now_us_ + duration_us, item.strength,
           item.strength % 3 == 0 ? node_id{} : node.id};
      return;
    case fault_kind::count_:
      return;
  }
}

/// A node ends, or stands still.
void world::begin_halt(const fault& item, simulated_node& node) {
  const auto duration_us = item.duration_ms * 1000;
  switch (item.kind) {
    case fault_kind::crash:
      if (item.strength % 2 == 0)
        return crash_for(node, duration_us, item.kind);
      // At a point between two effects of the next step that has that many.
      node.crash_after_effects = item.strength % 7 / 2;
      node.crash_duration_us = duration_us;
      return;
    case fault_kind::crash_voter:
      for (auto& each : nodes_)
        each.crash_after_vote_us = duration_us;
      return;
    case fault_kind::crash_all:
      for (auto& each : nodes_)
        crash_for(each, duration_us, item.kind);
      return;
    case fault_kind::state_lost:
      return lose_state(node, duration_us);
    default:
      node.paused_until_us = now_us_ + duration_us;
  }
}

/// Of one node at a time: of a state that is nowhere any more nothing can come.
void world::lose_state(simulated_node& node, std::uint64_t duration_us) {
  for (const auto& each : nodes_)
    if (each.lacks_state())
      return;
  if (!node.up || node.journal.base.index == log_index{})
    return; // there, the log has all of it
  node.saved = {};
  crash_for(node, duration_us, fault_kind::state_lost);
}

/// Nodes no longer reach each other.
void world::begin_network_fault(const fault& item, const simulated_node& node,
                                const simulated_node* leading) {
  const auto duration_us = item.duration_ms * 1000;
  const node_id other{item.other};
  switch (item.kind) {
    case fault_kind::partition:
      return part(options_.voters < 5 ? std::set{node.id} : std::set{node.id, other}, item);
    case fault_kind::isolate_leader:
      return part({leading ? leading->id : node.id}, item);
    case fault_kind::one_way: {
      const auto from = item.strength % 2 ? node.id : other;
      const auto to = item.strength % 2 ? other : node.id;
      block(from, to, item.kind);
      at(now_us_ + duration_us,
         [this, from, to, kind = item.kind] { unblock(from, to, kind); });
      return;
    }
    default:
      if (other == node.id)
        return;
      count(item.kind);
      report_link(node.id, other, false, 0);
      report_link(node.id, other, true, duration_us);
  }
}

void world::crash_for(simulated_node& node, std::uint64_t duration_us,
                      fault_kind kind) {
  if (!node.up)
    return;
  count(kind);
  crash(node);
  at(now_us_ + duration_us, [this, &node, life = node.life] {
    if (node.life == life)
      start(node);
  });
}

void world::part(const std::set<node_id>& minority, const fault& item) {
  std::vector<std::pair<node_id, node_id>> cut;
  for (const auto& one : nodes_)
    for (const auto& other : nodes_)
      if (minority.contains(one.id) != minority.contains(other.id))
        cut.push_back({one.id, other.id});
  for (const auto& [from, to] : cut)
    block(from, to, item.kind);
  at(now_us_ + item.duration_ms * 1000, [this, cut, kind = item.kind] {
    for (const auto& [from, to] : cut)
      unblock(from, to, kind);
  });
}

/// A node that is no member becomes a learner; a learner takes a voter's place;
/// sometimes a learner goes.
void world::reconfigure(simulated_node& leading, std::uint64_t pick) {
  auto wanted = leading.machine->members();
  wanted.outgoing.clear();
  if (wanted.learners.empty() || pick % 5 == 0) {
    std::vector<node_id> outside;
    for (const auto& node : nodes_)
      if (!raft::quorum::contains(raft::quorum::everyone(wanted), node.id))
        outside.push_back(node.id);
    if (outside.empty())
      return;
    wanted.learners.push_back(outside[pick % outside.size()]);
  } else if (pick % 5 == 1) {
    wanted.learners.pop_back();
  } else {
    wanted.voters[pick % wanted.voters.size()] = wanted.learners.front();
    wanted.learners.erase(wanted.learners.begin());
  }
  count(fault_kind::reconfigure);
  const auto id = clients_.begin(false, 0, now_us_);
  clients_.unknown(id);
  tell(leading, raft::propose_configuration{id, wanted});
}

void world::end_all_faults() {
  quiet_clients_ = true;
  conditions_ = {};
  blocked_.clear();
  for (auto& node : nodes_) {
    node.drift_per_mille = (clock_of(node), 0);
    node.paused_until_us = 0;
    node.fail_next_sync = false;
    node.stall_next_sync_us = node.crash_after_vote_us = 0;
    if (node.up)
      crash(node);
  }
  for (auto& node : nodes_)
    start(node);
}

} // namespace present::simulation
