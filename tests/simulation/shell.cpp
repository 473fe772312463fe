#include "tests/simulation/describe.hpp"
#include "tests/simulation/oracle_violation.hpp"
#include "tests/simulation/world.hpp"

#include <ostream>
#include <utility>

/// What the actor around a machine does: carries effects out, brings back what
/// came of them. Disk and state machine are those of the simulation.
namespace present::simulation {

namespace {

raft::raft_settings settings_of(std::uint64_t seed, node_id node) {
  raft::raft_settings settings;
  settings.seed = seed * 31 + node.value;
  // Small limits, so that every one of them is met.
  settings.max_message_entries = 8;
  settings.max_message_bytes = 600;
  settings.max_inflight_messages = 4;
  settings.max_inflight_bytes = 4000;
  settings.max_tail_bytes = 800;
  settings.max_applying_bytes = 2000;
  settings.max_retained_bytes = 2000;
  settings.max_pinned_bytes = 6000;
  settings.max_promotion_lag_entries = 8;
  return settings;
}

constexpr std::size_t part_bytes = 24;

} // namespace

// -- a node's life -------------------------------------------------------------

void world::start(simulated_node& node) {
  ++node.life;
  node.up = true;
  node.paused_until_us = 0;
  node.syncing = false;
  node.synced = 0;
  node.armed_us = 0;
  const auto found = node.journal.open_with(node.saved);
  node.state = node.saved.state;
  node.applied = node.saved.mark.index;
  node.machine = std::make_unique<raft::raft_machine>(
    node.id, store_id{}, settings_of(random_.next(), node.id), found,
    clock_of(node));
  for (const auto& peer : nodes_)
    if (peer.id != node.id)
      report_link(peer.id, node.id, true, random_.between(1000, 50'000));
  arm(node);
}

/// Keeps what was synced, and any part of the rest that the disk got to by
/// itself: writes are atomic and in order, so that part is a beginning.
void world::crash(simulated_node& node) {
  ++node.life;
  node.up = false;
  for (auto kept = random_.below(node.unsynced.size() + 1); kept > 0; --kept) {
    node.journal.carry_out(node.unsynced.front());
    node.unsynced.pop_front();
  }
  node.unsynced.clear();
  node.machine.reset();
  node.writes.clear();
  node.reads.clear();
  node.sending.clear();
  node.arriving = {};
  node.fail_next_sync = false;
  node.crash_after_effects.reset();
  for (const auto& peer : nodes_)
    if (peer.id != node.id && random_.chance(800))
      report_link(peer.id, node.id, false, random_.between(1000, 20'000));
}

std::uint64_t world::clock_of(simulated_node& node) {
  const auto rate = static_cast<std::uint64_t>(1000 + node.drift_per_mille);
  node.clock_ns += (now_us_ - node.clock_read_us) * rate;
  node.clock_read_us = now_us_;
  return node.clock_ns / 1'000'000;
}

/// One alarm per node, as `next_wake` asks.
void world::arm(simulated_node& node) {
  if (!node.up)
    return;
  const auto wake = node.machine->next_wake();
  if (!wake)
    return;
  const auto now_ms = clock_of(node);
  const auto rate = static_cast<std::uint64_t>(1000 + node.drift_per_mille);
  const auto left_ns = *wake > now_ms ? *wake * 1'000'000 - node.clock_ns : 0;
  const auto due = now_us_ + (left_ns + rate - 1) / rate;
  if (node.armed_us != 0 && node.armed_us <= due)
    return;
  node.armed_us = due;
  at(due, [this, &node, due, life = node.life] {
    if (node.life != life || node.armed_us != due)
      return;
    node.armed_us = 0;
    tell(node, raft::time_passed{});
  });
}

void world::tell_later(simulated_node& node, std::uint64_t delay_us,
                       raft::event_kind what) {
  at(now_us_ + delay_us,
     [this, &node, life = node.life, what = std::move(what)]() mutable {
       if (node.life == life)
         tell(node, std::move(what));
     });
}

void world::tell(simulated_node& node, raft::event_kind what) {
  if (!node.up)
    return;
  if (node.paused_until_us > now_us_) {
    count(fault_kind::pause);
    return tell_later(node, node.paused_until_us - now_us_, std::move(what));
  }
  ++result_.events;
  const auto life = node.life;
  const oracles::standing before{node.machine->commit(),
                                 node.machine->members()};
  fold(result_.trace, now_us_);
  fold(result_.trace, what.index());
  const auto told = options_.log ? describe(what) : std::string{};
  const auto done = node.machine->step({clock_of(node), std::move(what)});
  if (options_.log)
    write_log(node, told, done);
  fold_into_trace(node, done);
  oracles_.stepped(*node.machine, done, before);
  for (const auto& effect : done) {
    if (node.crash_after_effects && (*node.crash_after_effects)-- == 0)
      crash_for(node, node.crash_duration_us, fault_kind::crash);
    if (node.life != life)
      return;
    std::visit([&](const auto& detail) { perform(node, detail); }, effect);
  }
  if (node.life != life)
    return;
  answer_reads(node);
  arm(node);
}

void world::write_log(const simulated_node& node, const std::string& event,
                      const raft::effects& done) const {
  *options_.log << now_us_ << " us " << describe(*node.machine) << " <- " << event
                << '\n';
  for (const auto& effect : done)
    *options_.log << "    " << describe(effect) << '\n';
}

void world::fold_into_trace(const simulated_node& node,
                            const raft::effects& done) {
  fold(result_.trace, node.id.value);
  fold(result_.trace, node.machine->current_term().value);
  fold(result_.trace, node.machine->commit().value);
  fold(result_.trace, node.machine->log().last().value);
  for (const auto& effect : done)
    fold(result_.trace, effect.index());
}

// -- disk ------------------------------------------------------------------------

std::uint64_t world::sync_time(simulated_node& node) {
  if (const auto stall = std::exchange(node.stall_next_sync_us, 0)) {
    count(fault_kind::stalled_disk);
    return stall;
  }
  if (!active(fault_kind::slow_disk, node.id))
    return random_.between(50, 500);
  count(fault_kind::slow_disk);
  return random_.between(5'000, 300'000);
}

void world::perform(simulated_node& node, const raft::persist& effect) {
  const auto latest
    = node.unsynced.empty() ? node.synced : node.unsynced.back().number;
  if (effect.follows != latest && !mutated(raft::mutant::believe_failed_write))
    return tell_later(node, random_.between(10, 200),
                      raft::persist_failed{effect.number, node.refuses_as_full});
  node.unsynced.push_back(effect);
  if (!node.syncing)
    begin_sync(node);
}

/// A group commit: everything that has gathered.
void world::begin_sync(simulated_node& node) {
  node.syncing = true;
  const auto upto = node.unsynced.back().number;
  at(now_us_ + sync_time(node), [this, &node, upto, life = node.life] {
    if (node.life == life)
      end_sync(node, upto);
  });
}

void world::end_sync(simulated_node& node, std::uint64_t number) {
  node.syncing = false;
  if (node.fail_next_sync || active(fault_kind::disk_full, node.id))
    return fail_writes(node, !node.fail_next_sync);
  while (!node.unsynced.empty() && node.unsynced.front().number <= number) {
    node.journal.carry_out(node.unsynced.front());
    node.synced = node.unsynced.front().number;
    node.unsynced.pop_front();
  }
  if (!node.unsynced.empty())
    begin_sync(node);
  tell(node, raft::persisted{number});
}

void world::fail_writes(simulated_node& node, bool full) {
  count(full ? fault_kind::disk_full : fault_kind::disk_failure);
  node.fail_next_sync = false;
  const auto first = node.unsynced.front().number;
  // Of a failed sync, anything may have reached the disk; a full one refuses.
  for (auto kept = full ? 0 : random_.below(node.unsynced.size()); kept > 0; --kept) {
    node.journal.carry_out(node.unsynced.front());
    node.unsynced.pop_front();
  }
  node.unsynced.clear();
  node.refuses_as_full = full;
  tell(node, raft::persist_failed{first, full});
}

void world::perform(simulated_node& node, const raft::rebuild_needed&) {
  crash_for(node, random_.between(1'000, 100'000), fault_kind::disk_failure);
}

void world::perform(simulated_node& node, const raft::load_entries& effect) {
  tell_later(node, random_.between(50, 2000),
             raft::entries_loaded{
               effect.for_peer,
               node.journal.from(effect.first, effect.max_bytes)});
}

// -- state machine -----------------------------------------------------------------

void world::perform(simulated_node& node, const raft::apply& effect) {
  for (const auto& item : effect.entries) {
    expect(item.index == next(node.applied), "applied once, in order",
           "node " + std::to_string(node.id.value) + " was handed "
             + std::to_string(item.index.value));
    node.applied = item.index;
    node.state.apply(item);
    oracles_.applied(node.id, item.index, node.state.digest);
    const auto [first, last] = node.writes.equal_range(item.index);
    for (auto waiting = first; waiting != last; ++waiting)
      if (waiting->second.at_term == item.at_term)
        tell_client(waiting->second.id, [this, id = waiting->second.id,
                                         index = item.index] {
          clients_.succeeded(id, index, 0, now_us_);
        });
    node.writes.erase(first, last);
  }
  tell_later(node, random_.between(10, 200), raft::applied{node.applied});
  const bool tiny = active(fault_kind::compaction, node.id) != nullptr;
  if (node.applied.value - node.saved.mark.index.value
      >= (tiny ? 3 : node.checkpoint_every))
    save_checkpoint(node);
}

void world::save_checkpoint(simulated_node& node) {
  if (active(fault_kind::compaction, node.id))
    count(fault_kind::compaction);
  node.saved = {node.machine->log().mark_at(node.applied), node.state};
  tell_later(node, random_.between(200, 5000), raft::compacted{node.saved.mark});
}

void world::perform(simulated_node& node, const raft::read_snapshot& effect) {
  auto& pinned = node.sending[effect.for_peer];
  raft::snapshot_read answer{effect.for_peer, {}};
  if (effect.digest == 0) {
    pinned.mark = node.machine->log().mark_at(node.applied);
    pinned.bytes = node.state.to_bytes();
    pinned.digest = node.state.digest | 1;
  }
  if (pinned.bytes.size() > effect.offset && pinned.mark.index >= effect.at_least
      && (effect.digest == 0 || effect.digest == pinned.digest)) {
    answer.chunk = {pinned.mark, effect.offset,
                    std::make_shared<const std::string>(
                      pinned.bytes.substr(effect.offset, part_bytes)),
                    effect.offset + part_bytes >= pinned.bytes.size(),
                    pinned.digest};
  }
  tell_later(node, random_.between(50, 3000), std::move(answer));
}

void world::perform(simulated_node& node, const raft::release_snapshot& effect) {
  node.sending.erase(effect.for_peer);
}

void world::perform(simulated_node& node, const raft::install_snapshot& effect) {
  const auto& part = effect.chunk;
  auto& held = node.arriving;
  if (held.digest != part.digest || held.mark != part.mark)
    held = {part.mark, part.digest, {}};
  const bool fits = part.offset == held.bytes.size();
  if (fits)
    held.bytes += *part.bytes;
  if (!fits || !part.last)
    return tell_later(node, random_.between(50, 3000),
                      raft::snapshot_stored{part.mark, held.bytes.size()});
  at(now_us_ + random_.between(200, 30'000),
     [this, &node, life = node.life, held = std::exchange(held, {})] {
       if (node.life != life)
         return;
       node.saved = {held.mark, key_value_state::from_bytes(held.bytes)};
       node.state = node.saved.state;
       node.applied = held.mark.index;
       oracles_.applied(node.id, node.applied, node.state.digest);
       tell(node, raft::snapshot_installed{held.mark});
     });
}

} // namespace present::simulation
