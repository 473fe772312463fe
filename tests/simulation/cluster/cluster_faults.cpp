#include "tests/simulation/cluster/cluster_world.hpp"
#include "tests/simulation/cluster/simulated_mail.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <set>

/// What is done to the cluster. A fault that had no effect is not counted.
namespace present::simulation::cluster {

namespace {

constexpr std::uint64_t operator_pause = 500 * ms;

} // namespace

void cluster_world::begin_fault(const fault& item) {
  if (faults_over_)
    return;
  const partition_id any{item.strength % (world_.weather.partitions + 1)};
  auto* target = item.target == 0 ? leader_of(any) : nodes_[item.target - 1].get();
  if (!target || !target->is_up())
    return;
  say("-- " + to_string(item));
  switch (item.kind) {
    case fault_kind::crash:
    case fault_kind::crash_all:
    case fault_kind::crash_at_door:
    case fault_kind::crash_at_mark:
    case fault_kind::throw_at_mark:
    case fault_kind::pause:
      return begin_halt(item, *target);
    case fault_kind::partition:
    case fault_kind::one_way:
    case fault_kind::bridge:
    case fault_kind::isolate_leader:
      return begin_partition(item, *target);
    case fault_kind::drop:
    case fault_kind::delay:
    case fault_kind::duplicate:
    case fault_kind::reply_loss:
      world_.network.set_trouble(item.kind, {world_.time.now() + item.duration_ms * ms,
                                             item.strength,
                                             item.strength % 2 ? 0 : target->id().value});
      return;
    case fault_kind::reset:
      return world_.network.reset_connections(target->id().value);
    case fault_kind::skew:
    case fault_kind::drift:
      return begin_clock_fault(item, *target);
    case fault_kind::slow_disk:
    case fault_kind::sync_failure:
    case fault_kind::disk_full:
      return begin_disk_fault(item, *target);
    case fault_kind::actor_kill:
    case fault_kind::actor_throw:
    case fault_kind::actor_stuck:
    case fault_kind::crash_storm:
    case fault_kind::poison:
      return begin_actor_fault(item, *target);
    case fault_kind::flood:
      world_.effects.count(item.kind);
      return clients_->flood(item.strength);
    case fault_kind::client_crash:
    case fault_kind::client_pause:
      return begin_client_fault(item);
    case fault_kind::bit_rot:
    case fault_kind::state_lost:
    case fault_kind::old_files:
    case fault_kind::wipe:
      return begin_damage(item, *target);
    case fault_kind::join:
    case fault_kind::drain:
    case fault_kind::leave:
      return begin_membership_change(item);
    case fault_kind::count_:
      return;
  }
}

// -- nodes -------------------------------------------------------------------------

void cluster_world::begin_halt(const fault& item, simulated_node& node) {
  const auto duration = item.duration_ms * ms;
  switch (item.kind) {
    case fault_kind::crash:
      world_.effects.count(item.kind);
      return crash_for(node, duration);
    case fault_kind::crash_all:
      world_.effects.count(item.kind);
      for (const auto& one : nodes_)
        if (one->is_up())
          crash_for(*one, world_.random.below(duration));
      return;
    case fault_kind::crash_at_door:
      node.life()->crash_at_door(item.strength % 9);
      return;
    case fault_kind::crash_at_mark:
    case fault_kind::throw_at_mark:
      return deaths_.arm(item.strength % transaction::mark_names.size(),
                         item.kind == fault_kind::crash_at_mark);
    default:
      world_.effects.count(item.kind);
      node.life()->pause_until(world_.time.now() + duration);
  }
}

void cluster_world::crash_for(simulated_node& node, std::uint64_t duration) {
  // Its disk may still carry out what it has been given.
  node.crash(world_.random.chance(700));
  revive_after(node, duration);
}

void cluster_world::revive_after(simulated_node& node, std::uint64_t duration) {
  world_.time.after(duration, [this, &node, life = node.lives()] {
    if (!node.is_up() && node.lives() == life)
      node.start(wall_offsets_[node.id().value]);
  });
}

/// Nodes that ended by themselves: at a door, or since their root gave up.
void cluster_world::bury_the_dead() {
  for (const auto& node : nodes_) {
    if (node->died_at_door()) {
      world_.effects.count(node->life()->fell_at_mark() ? fault_kind::crash_at_mark
                                                        : fault_kind::crash_at_door);
      node->bury();
      world_.network.process_ended(*node->life(), true);
      revive_after(*node, world_.random.below(1500 * ms));
    } else if (node->is_up()) {
      if (const auto why = node->take_giving_up()) {
        watch_.on_gave_up(node->id().value, *why);
        crash_for(*node, world_.random.between(100, 2000) * ms);
      }
    }
  }
}

void cluster_world::begin_client_fault(const fault& item) {
  auto& host = *hosts_[item.strength % hosts_.size()];
  if (!host.life()->is_alive())
    return;
  world_.effects.count(item.kind);
  if (item.kind == fault_kind::client_pause)
    return host.life()->pause_until(world_.time.now() + item.duration_ms * ms);
  host.crash();
  clients_->crashed(host);
  world_.time.after(item.duration_ms * ms, [this, &host] {
    if (host.life()->is_alive())
      return;
    host.start(founder_ids(), 0);
    clients_->restarted(host);
  });
}

// -- the network -------------------------------------------------------------------

void cluster_world::begin_partition(const fault& item, const simulated_node& node) {
  const auto at = node.id().value;
  const auto other = item.other;
  switch (item.kind) {
    case fault_kind::one_way:
      if (item.strength % 2)
        return part({at}, {other}, item, false);
      return part({other}, {at}, item, false);
    case fault_kind::bridge: {
      std::set<host_id> left, right;
      for (const auto& one : nodes_)
        if (one->id().value != at)
          (left.size() <= right.size() ? left : right).insert(one->id().value);
      return part(left, right, item, true);
    }
    default: {
      std::set<host_id> minority{at}, majority;
      if (item.kind == fault_kind::partition && options_.nodes >= 5)
        minority.insert(other);
      for (const auto& one : nodes_)
        if (!minority.contains(one->id().value))
          majority.insert(one->id().value);
      // Each client is on either side, or sees both.
      for (const auto& host : hosts_) {
        const auto side = world_.random.below(3);
        if (side < 2)
          (side == 0 ? minority : majority).insert(host->host());
      }
      return part(minority, majority, item, true);
    }
  }
}

void cluster_world::part(const std::set<host_id>& here, const std::set<host_id>& there,
                         const fault& item, bool both_ways) {
  const auto each_way = [here, there, both_ways](const auto& deed) {
    for (const auto one : here)
      for (const auto other : there)
        if (one != other) {
          deed(one, other);
          if (both_ways)
            deed(other, one);
        }
  };
  each_way([&](host_id from, host_id to) { world_.network.block(from, to, item.kind); });
  world_.time.after(item.duration_ms * ms, [this, each_way, kind = item.kind] {
    each_way([&](host_id from, host_id to) { world_.network.unblock(from, to, kind); });
  });
}

// -- clocks and disks --------------------------------------------------------------

/// Most skews are below the bound on clocks that HLC stamps may have (P21).
void cluster_world::begin_clock_fault(const fault& item, simulated_node& node) {
  world_.effects.count(item.kind);
  if (item.kind == fault_kind::drift) {
    node.life()->clock().drift(static_cast<std::int64_t>(item.strength % 100) - 50);
    return;
  }
  const auto size = static_cast<std::int64_t>(item.strength) * (item.strength % 8 == 0 ? 10 : 1);
  const auto offset = item.strength % 2 ? size : -size;
  wall_offsets_[node.id().value] = offset;
  node.life()->clock().set_offset_ms(offset);
}

void cluster_world::begin_disk_fault(const fault& item, simulated_node& node) {
  const auto until = world_.time.now() + item.duration_ms * ms;
  switch (item.kind) {
    case fault_kind::slow_disk:
      return node.disk().slow_until(until, item.strength * ms / 2);
    case fault_kind::disk_full:
      return node.disk().fill_until(until);
    default:
      watch_.excuse(node.id().value);
      node.disk().fail_next_sync();
  }
}

// -- actors ------------------------------------------------------------------------

void cluster_world::begin_actor_fault(const fault& item, simulated_node& node) {
  const auto all = world_.actors.living(*node.life());
  if (all.empty())
    return;
  auto& who = *all[(item.other * 7919 + item.strength) % all.size()];
  const auto actor = caf::actor_cast<caf::strong_actor_ptr>(who.actor);
  if (!actor)
    return;
  watch_.excuse(node.id().value);
  switch (item.kind) {
    case fault_kind::actor_kill:
      world_.effects.count(item.kind);
      caf::anon_send_exit(actor, caf::exit_reason::kill);
      return;
    case fault_kind::actor_throw:
      who.throws_after = 1 + item.strength % 4;
      return;
    case fault_kind::actor_stuck:
      world_.effects.count(item.kind);
      who.busy_until = world_.time.now() + item.duration_ms * ms;
      return;
    case fault_kind::poison:
      world_.effects.count(item.kind);
      caf::anon_send(caf::actor_cast<caf::actor>(actor), nonsense{1});
      return;
    default:
      world_.effects.count(item.kind);
      begin_storm(item, node, who.identity.path);
  }
}

/// The same actor again and again, each time that it is back.
void cluster_world::begin_storm(const fault& item, simulated_node& node,
                                const std::string& path) {
  const auto crashes = 2 + item.strength % 5;
  for (std::uint32_t number = 0; number < crashes; ++number)
    world_.time.after(item.duration_ms * ms / crashes * number, [this, &node, path] {
      if (faults_over_ || !node.is_up())
        return;
      watch_.excuse(node.id().value);
      if (auto* who = world_.actors.find(*node.life(), path))
        if (const auto actor = caf::actor_cast<caf::strong_actor_ptr>(who->actor))
          caf::anon_send_exit(actor, caf::exit_reason::kill);
    });
}

// -- what disks lose -----------------------------------------------------------------

/// All of a run's on one machine: what another one's disks lose before the first is made good
/// would be a majority's.
void cluster_world::begin_damage(const fault& item, const simulated_node& chosen) {
  if (damaged_ == node_id{})
    damaged_ = chosen.id();
  auto& node = node_at(damaged_);
  if (!node.is_up())
    return;
  const auto duration = item.duration_ms * ms;
  if (item.kind == fault_kind::old_files)
    return put_back_after(node, duration);
  if (item.kind == fault_kind::wipe)
    return wipe_for(node, duration);
  const auto partitions = node.disk().partitions_on_disk();
  if (partitions.empty())
    return;
  const auto whose = partitions[item.strength % partitions.size()];
  watch_.excuse(node.id().value);
  node.crash(true);
  if (item.kind == fault_kind::bit_rot ? node.disk().rot_log(whose) : node.disk().lose_state(whose))
    world_.effects.count(item.kind);
  revive_after(node, duration);
}

/// As by who puts back a backup. So that the gap of P19 isn't met, a witness that is gone for
/// good, no data are wiped in such a run, and all witnesses are waited for.
void cluster_world::put_back_after(simulated_node& node, std::uint64_t duration) {
  auto then = std::make_shared<simulated_disk::files>(node.disk().copy_files());
  world_.time.after(duration, [this, &node, then = std::move(then)] {
    if (faults_over_ || !node.is_up())
      return;
    node.crash(true);
    if (node.disk().put_back(std::move(*then)))
      world_.effects.count(fault_kind::old_files);
    revive_after(node, world_.random.between(1, 200) * ms);
  });
}

/// Once a run: the other replicas of each partition have to be there to replace it.
void cluster_world::wipe_for(simulated_node& node, std::uint64_t duration) {
  if (world_.weather.puts_files_back || std::exchange(a_disk_was_lost_, true))
    return;
  world_.effects.count(fault_kind::wipe);
  node.crash(true);
  node.disk().wipe(store_id{world_.random.next() | 1});
  revive_after(node, duration);
}

// -- who is in the cluster -----------------------------------------------------------

/// What is asked for too early is prepared instead: a node that is to leave has to be
/// drained first, and one is drained only if three others stay. Whoever wants one to
/// leave asks again until one has.
void cluster_world::begin_membership_change(const fault& item) {
  std::vector<node_id> strangers, active, draining;
  for (const auto& one : nodes_) {
    const auto known = states_.find(one->id());
    if (known == states_.end() || known->second == storage::node_state::left)
      strangers.push_back(one->id());
    else if (known->second == storage::node_state::active)
      active.push_back(one->id());
    else
      draining.push_back(one->id());
  }
  const auto pick = [&](const std::vector<node_id>& from) {
    return from[item.strength % from.size()];
  };
  if (item.kind == fault_kind::leave && !draining.empty()) {
    const auto id = pick(draining);
    change_state(item.kind, id, storage::node_state::left, remove_node{id});
  } else if (item.kind != fault_kind::join && active.size() > 3) {
    const auto id = pick(active);
    change_state(fault_kind::drain, id, storage::node_state::draining, drain_node{id, false});
  } else if (!strangers.empty()) {
    const auto id = pick(strangers);
    change_state(fault_kind::join, id, storage::node_state::active,
                 add_node{id, node_at(id).store(), address_of(id), ""});
  }
  if (item.kind == fault_kind::leave)
    world_.time.after(operator_pause, [this, item, gone = world_.effects.of(item.kind)] {
      if (!faults_over_ && world_.effects.of(item.kind) == gone)
        begin_membership_change(item);
    });
}

/// Nothing is known of a call that failed: it may be done yet. So a node counts as
/// drained from when that was asked for, and as let in when it was answered.
void cluster_world::change_state(fault_kind kind, node_id node, storage::node_state wanted,
                                 client::call_kind call) {
  if (wanted == storage::node_state::draining)
    states_[node] = wanted;
  clients_->administer(std::move(call), [this, kind, node, wanted](bool done) {
    if (!done)
      return;
    world_.effects.count(kind);
    states_[node] = wanted;
    if (wanted == storage::node_state::left && node.value <= options_.nodes)
      clients_->forget_node(node.value - 1);
  });
}

// -- the end of it -----------------------------------------------------------------

void cluster_world::end_all_faults() {
  faults_over_ = true;
  // Whose log is the longest may have no state to lead with, and all are there to tell
  // now: those that have waited for that one without end begin anew.
  const bool all_begin_anew
    = std::exchange(world_.weather.puts_files_back, false) || power_goes_at_the_end_;
  deaths_.disarm();
  world_.network.heal();
  for (const auto& node : nodes_) {
    const auto known = wall_offsets_.find(node->id().value);
    const bool clock_was_wrong = known != wall_offsets_.end();
    wall_offsets_.erase(node->id().value);
    node->disk().repair();
    if (!node->is_up()) {
      node->start(0);
      continue;
    }
    auto& life = *node->life();
    life.pause_until(0);
    life.clock().drift(0);
    for (auto* who : world_.actors.living(life)) {
      who->busy_until = 0;
      who->throws_after.reset();
    }
    // Slewing takes ten times the error: a machine that is wrong by much is
    // started anew.
    if (clock_was_wrong || all_begin_anew)
      crash_for(*node, world_.random.below(300 * ms));
  }
  for (const auto& host : hosts_) {
    host->life()->pause_until(0);
    if (!host->life()->is_alive()) {
      host->start(founder_ids(), 0);
      clients_->restarted(*host);
    }
  }
}

} // namespace present::simulation::cluster
