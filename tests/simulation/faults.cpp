#include "tests/simulation/world.hpp"

#include "actors/raft/quorum.hpp"

#include <algorithm>

/// What is done to the group. A fault that had no effect is not counted.
namespace present::simulation {

const world::condition* world::active(fault_kind kind, node_id node) const {
  const auto& item = conditions_[static_cast<std::size_t>(kind)];
  const bool applies = item.target == node_id{} || node == node_id{} || item.target == node;
  return item.until_us > time_.now_us() && applies ? &item : nullptr;
}

void world::begin_fault(const fault& item) {
  auto* leading = current_leader();
  if (item.target == 0 && !leading)
    return;
  auto& node = item.target == 0 ? *leading : *nodes_[item.target - 1];
  if (begin_network_fault(item, node, leading) || begin_disk_fault(item, node)
      || begin_clock_fault(item, node))
    return;
  begin_group_fault(item, node, leading);
}

// -- the network -------------------------------------------------------------------------

/// Nodes no longer reach each other, or not well. False: it is none of these.
bool world::begin_network_fault(const fault& item, const simulated_node& node,
                                const simulated_node* leading) {
  using pairs = std::vector<std::pair<node_id, node_id>>;
  const node_id other{item.other};
  const auto all_between = [&](const auto& parted) {
    pairs cut;
    for (const auto& one : nodes_)
      for (const auto& peer : nodes_)
        if (parted(one->id(), peer->id()))
          cut.push_back({one->id(), peer->id()});
    return cut;
  };
  const auto minority_of = [&](node_id lone, bool with_other) {
    return all_between([=](node_id from, node_id to) {
      const auto inside = [=](node_id id) { return id == lone || (with_other && id == other); };
      return inside(from) != inside(to);
    });
  };
  switch (item.kind) {
    case fault_kind::partition:
      part(minority_of(node.id(), options_.voters >= 5), item);
      return true;
    case fault_kind::isolate_leader:
      part(minority_of(leading ? leading->id() : node.id(), false), item);
      return true;
    case fault_kind::bridge:
      part(all_between([&](node_id from, node_id to) {
             return from != node.id() && to != node.id() && from.value % 2 != to.value % 2;
           }),
           item);
      return true;
    case fault_kind::one_way:
      part(item.strength % 2 ? pairs{{node.id(), other}} : pairs{{other, node.id()}}, item);
      return true;
    case fault_kind::link_flap:
      if (other == node.id())
        return true;
      count(item.kind);
      report_link(node.id(), other, false, 0);
      report_link(node.id(), other, true, item.duration_ms * 1000);
      return true;
    case fault_kind::drop:
    case fault_kind::delay:
    case fault_kind::duplicate:
    case fault_kind::reply_loss:
    case fault_kind::client_loss:
    case fault_kind::client_late:
      conditions_[static_cast<std::size_t>(item.kind)]
        = {time_.now_us() + item.duration_ms * 1000, item.strength,
           item.strength % 3 == 0 ? node_id{} : node.id()};
      return true;
    default:
      return false;
  }
}

void world::part(const std::vector<std::pair<node_id, node_id>>& cut, const fault& item) {
  for (const auto& [from, to] : cut)
    block(from, to, item.kind);
  time_.after(item.duration_ms * 1000, [this, cut, kind = item.kind] {
    for (const auto& [from, to] : cut)
      unblock(from, to, kind);
  });
}

// -- disks and clocks ----------------------------------------------------------------------

bool world::begin_disk_fault(const fault& item, simulated_node& node) {
  const auto duration_us = item.duration_ms * 1000;
  const auto until_us = time_.now_us() + duration_us;
  auto& victim = node_at(victim_);
  switch (item.kind) {
    case fault_kind::slow_disk:
      node.conditions.slow_disk_until_us = until_us;
      return true;
    case fault_kind::stalled_disk:
      node.conditions.stall_next_sync_us = duration_us;
      return true;
    case fault_kind::disk_failure:
      node.conditions.fail_next_sync = node.is_up();
      return true;
    case fault_kind::disk_full:
      node.conditions.full_until_us = until_us;
      return true;
    case fault_kind::checkpoint_failure:
      node.conditions.fail_next_checkpoint = true;
      return true;
    case fault_kind::compaction:
      node.conditions.compacting_until_us = until_us;
      if (node.is_up())
        node.restart_replica();
      return true;
    case fault_kind::misdirected_write:
      victim.conditions.misdirect_next_write = victim.is_up();
      return true;
    case fault_kind::bit_rot:
      if (!victim.damage_log())
        return true;
      if (item.strength % 2 == 0 || !victim.is_up() || victim.replica().is_without_state())
        crash_for(victim, duration_us, item.kind);
      else
        victim.tell(partition::damage_reported{false}); // as a scrub does
      return true;
    case fault_kind::state_lost:
      lose_state(victim, item);
      return true;
    case fault_kind::old_files:
      put_back_after(victim, duration_us);
      return true;
    case fault_kind::wipe:
      wipe_for(victim, duration_us);
      return true;
    default:
      return false;
  }
}

/// Found while it runs, as by a read or a scrub, or when it starts again. A log that
/// goes back to its beginning would have all that the state held.
void world::lose_state(simulated_node& node, const fault& item) {
  if (!node.is_up() || node.replica().is_without_state()
      || node.replica().raft().log().base() == log_index{})
    return;
  count(item.kind);
  if (item.strength % 2 == 0)
    return node.tell(partition::damage_reported{true});
  node.condemn_state();
  crash_for(node, item.duration_ms * 1000, item.kind);
}

/// Its files are as they were then, and are the same store's: only the others know
/// better (P19).
void world::put_back_after(simulated_node& node, std::uint64_t duration_us) {
  if (!node.is_up())
    return;
  node.copy_files();
  time_.after(duration_us, [this, &node] {
    if (faults_over_ || !node.is_up())
      return;
    node.crash();
    if (node.put_files_back())
      count(fault_kind::old_files);
    start_after(node, time_.random.between(1'000, 200'000));
  });
}

/// Comes back as another store, which nobody takes for the old one (P19).
void world::wipe_for(simulated_node& node, std::uint64_t duration_us) {
  // A witness that will never answer isn't waited for in vain.
  if (!node.is_up() || node.conditions.waits_for_all_witnesses)
    return;
  count(fault_kind::wipe);
  node.crash();
  const store_id next{node.store().value + 1000};
  node.wipe(next);
  time_.after(duration_us, [this, &node, next] {
    if (!node.is_up())
      node.start();
    change_map([&](cluster_map& map) { map.nodes[node.id().value - 1].store = next; });
  });
}

bool world::begin_clock_fault(const fault& item, simulated_node& node) {
  const auto duration_us = item.duration_ms * 1000;
  const auto offset = static_cast<std::int64_t>(item.strength) * (item.other % 2 ? 1 : -1);
  switch (item.kind) {
    case fault_kind::drift:
      node.clock.drift(static_cast<std::int64_t>(item.strength % 100) - 50, time_.now_us());
      return true;
    case fault_kind::clock_freeze:
      node.clock.freeze(time_.now_us() + duration_us, time_.now_us());
      return true;
    case fault_kind::skew:
    case fault_kind::clock_jump:
      node.conditions.wall_wrong_by = item.kind;
      node.clock.set_wall(item.kind == fault_kind::skew ? offset / 3 : offset * 10);
      time_.after(duration_us, [&node] { node.clock.set_wall(0); });
      return true;
    default:
      return false;
  }
}

// -- nodes and their group -----------------------------------------------------------------

void world::begin_group_fault(const fault& item, simulated_node& node,
                              simulated_node* leading) {
  const auto duration_us = item.duration_ms * 1000;
  switch (item.kind) {
    case fault_kind::crash:
      return begin_crash(item, node);
    case fault_kind::crash_voter:
      for (auto& each : nodes_)
        each->conditions.crash_after_vote_us = duration_us;
      return;
    case fault_kind::crash_all:
      for (auto& each : nodes_)
        crash_for(*each, duration_us, item.kind);
      return;
    case fault_kind::pause:
      node.conditions.paused_until_us = time_.now_us() + duration_us;
      return;
    case fault_kind::replica_restart:
      if (!node.is_up())
        return;
      count(item.kind);
      return node.restart_replica();
    case fault_kind::transfer:
      if (!leading || leading->id().value == item.other)
        return;
      count(item.kind);
      return leading->tell(raft::transfer_leadership{node_id{item.other}});
    case fault_kind::replace_keepers:
      return replace_keepers(item.strength);
    default:
      return;
  }
}

void world::begin_crash(const fault& item, simulated_node& node) {
  if (item.strength % 2 == 0)
    return crash_for(node, item.duration_ms * 1000, item.kind);
  // At a point between two effects of the next turn that has that many.
  node.conditions.crash_after_effects = item.strength % 7 / 2;
  node.conditions.crash_duration_us = item.duration_ms * 1000;
}

void world::crash_for(simulated_node& node, std::uint64_t duration_us, fault_kind kind) {
  if (!node.is_up())
    return;
  count(kind);
  for (auto& each : nodes_)
    if (kind == fault_kind::crash_voter)
      each->conditions.crash_after_vote_us = 0;
  node.crash();
  start_after(node, duration_us);
}

void world::start_after(simulated_node& node, std::uint64_t duration_us) {
  time_.after(duration_us, [this, &node] {
    if (node.is_up())
      return;
    node.start();
    for (const auto& peer : nodes_)
      if (peer->id() != node.id())
        report_link(peer->id(), node.id(), true, time_.random.between(1000, 50'000));
  });
}

// -- members ---------------------------------------------------------------------------------

/// The root has another map, which the nodes hear of sooner or later.
template <class Change>
void world::change_map(Change how) {
  auto next = std::make_shared<cluster_map>(*map_);
  how(*next);
  next->epoch = present::next(next->epoch);
  map_ = std::move(next);
  for (auto& node : nodes_)
    time_.after(time_.random.between(1'000, 300'000),
                [&node = *node, map = map_] { node.learn_map(map); });
}

void world::members_told(const report_members& what) {
  if (map_->partitions.front().members_index >= what.index)
    return;
  if (map_->partitions.front().members != what.voters)
    count(fault_kind::replace_keepers);
  change_map([&](cluster_map& map) {
    map.partitions.front().members = what.voters;
    map.partitions.front().members_index = what.index;
  });
}

/// Others are to keep the partition, more or fewer; its leader sees to it.
void world::replace_keepers(std::uint64_t pick) {
  auto wanted = map_->partitions.front().wanted;
  const auto& nodes = map_->nodes;
  const auto fresh = nodes[pick % nodes.size()].id;
  if (wanted.size() > options_.voters)
    wanted.erase(wanted.begin() + static_cast<std::ptrdiff_t>(pick % wanted.size()));
  else if (raft::quorum::contains(wanted, fresh))
    std::rotate(wanted.begin(), wanted.begin() + 1, wanted.end()); // another is to lead
  else if (pick % 3 == 0)
    wanted.push_back(fresh);
  else
    wanted[pick % wanted.size()] = fresh;
  change_map([&](cluster_map& map) { map.partitions.front().wanted = wanted; });
}

void world::end_all_faults() {
  faults_over_ = true;
  for (auto& client : clients_)
    client->stop();
  conditions_ = {};
  blocked_.clear();
  for (auto& node : nodes_) {
    node->clock.drift(0, time_.now_us());
    node->clock.set_wall(0);
    auto& wrong = node->conditions;
    wrong.paused_until_us = wrong.slow_disk_until_us = wrong.full_until_us = 0;
    wrong.compacting_until_us = wrong.stall_next_sync_us = wrong.crash_after_vote_us = 0;
    wrong.misdirect_next_write = wrong.fail_next_checkpoint = false;
    wrong.crash_after_effects.reset(); // armed while it was down, it would strike now
    // All are there now; but whose log is the longest may have no state to lead with.
    wrong.waits_for_all_witnesses = false;
    if (node->is_up())
      node->crash();
  }
  for (auto& node : nodes_)
    node->start();
}

} // namespace present::simulation
