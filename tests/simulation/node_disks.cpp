#include "tests/simulation/oracle_violation.hpp"
#include "tests/simulation/simulated_node.hpp"

#include <utility>

/// What the journal's actor and the checkpointer do, and how their disks fail.
namespace present::simulation {

// -- the journal: a group commit of what has gathered ------------------------------------

void simulated_node::perform(partition::write_journal& what) {
  gathered_.push_back(std::move(what.what));
  if (!syncing_)
    begin_sync();
}

std::uint64_t simulated_node::sync_time() {
  if (const auto stall = std::exchange(conditions.stall_next_sync_us, 0)) {
    conditions.count(fault_kind::stalled_disk);
    return stall;
  }
  if (conditions.slow_disk_until_us <= time_.now_us())
    return time_.random.between(50, 500);
  conditions.count(fault_kind::slow_disk);
  return time_.random.between(5'000, 300'000);
}

void simulated_node::begin_sync() {
  syncing_ = true;
  later(sync_time(), [this, writes = gathered_.size()] { end_sync(writes); });
}

void simulated_node::end_sync(std::size_t writes) {
  const auto life = life_;
  syncing_ = false;
  if (std::exchange(conditions.fail_next_sync, false))
    fail_sync();
  else
    commit(writes);
  if (life == life_ && !gathered_.empty() && !syncing_)
    begin_sync();
}

std::vector<storage::journal_write> simulated_node::take_gathered(std::size_t writes) {
  const auto end = gathered_.begin() + static_cast<std::ptrdiff_t>(writes);
  std::vector<storage::journal_write> batch{std::make_move_iterator(gathered_.begin()),
                                            std::make_move_iterator(end)};
  gathered_.erase(gathered_.begin(), end);
  return batch;
}

void simulated_node::commit(std::size_t writes) {
  const auto batch = take_gathered(writes);
  if (conditions.full_until_us > time_.now_us()) {
    conditions.count(fault_kind::disk_full);
    journal_.fail_next(make_error(error_code::disk_full, "no room"));
  }
  const auto answers = journal_.append(batch);
  journal_.fail_next(std::nullopt);
  journal_.sync();
  if (conditions.misdirect_next_write && answers.back())
    misdirect(batch.back());
  const auto life = life_;
  for (std::size_t place = 0; place < batch.size() && life == life_; ++place) {
    const auto number = batch[place].number;
    if (answers[place])
      tell(raft::persisted{number});
    else
      tell(raft::persist_failed{
        number, answers[place].problem().code == error_code::disk_full});
  }
}

/// Of a failed sync anything may have reached the disk.
void simulated_node::fail_sync() {
  conditions.count(fault_kind::disk_failure);
  keep_some(gathered_.size() - 1);
  const auto number = gathered_.front().number;
  tell(raft::persist_failed{number, false});
}

/// The first of what was not synced yet.
void simulated_node::keep_some(std::size_t most) {
  journal_.append(take_gathered(time_.random.below(most + 1)));
  journal_.sync();
}

void simulated_node::keep_all() {
  journal_.append(take_gathered(gathered_.size()));
  journal_.sync();
}

/// The last entry went to another one's place: neither has what belongs there.
void simulated_node::misdirect(const storage::journal_write& latest) {
  const auto base = replica_->raft().log().base();
  if (latest.entries.empty() || latest.entries.back().index <= next(base))
    return;
  const auto meant = latest.entries.back().index;
  const log_index hit{base.value + 1 + time_.random.below(meant.value - base.value - 1)};
  damaged_ = true;
  journal_.damage(partition, meant);
  journal_.damage(partition, hit);
  conditions.misdirect_next_write = false;
  conditions.count(fault_kind::misdirected_write);
}

bool simulated_node::damage_log() {
  const auto found = storage::memory_journal{journal_}.recover(partition);
  if (!found || found->entries.empty())
    return false;
  const auto place = time_.random.below(found->entries.size());
  damaged_ = true;
  return journal_.damage(partition, found->entries[place].index);
}

void simulated_node::perform(raft::load_entries& what) {
  later(time_.random.between(50, 2000), [this, what] {
    auto found = journal_.load(partition, what.first, what.max_bytes);
    tell(raft::entries_loaded{what.for_peer,
                              found ? std::move(*found) : std::vector<raft::entry>{}});
  });
}

// -- the checkpointer: one job after the other -------------------------------------------

void simulated_node::enqueue(std::uint64_t takes_us, std::function<void()> what,
                             std::function<void()> if_kept) {
  jobs_.push_back({takes_us, std::move(what), std::move(if_kept)});
  if (!busy_)
    run_jobs();
}

void simulated_node::run_jobs() {
  if (jobs_.empty())
    return;
  busy_ = true;
  later(jobs_.front().takes_us, [this] {
    const auto life = life_;
    const auto what = std::move(jobs_.front().what);
    jobs_.pop_front();
    busy_ = false;
    what();
    if (life == life_ && !busy_)
      run_jobs();
  });
}

/// Whether what was under way reaches the disk; nobody hears of it.
void simulated_node::end_jobs(bool kept) {
  for (auto& each : jobs_)
    if (kept && each.if_kept)
      each.if_kept();
  jobs_.clear();
  busy_ = false;
}

void simulated_node::perform(partition::write_checkpoint& what) {
  const auto write = [this, frozen = what.what](bool fails) {
    auto& disk = home_->disk();
    if (fails)
      disk.fail_next(make_error(error_code::disk_full, "no room"));
    auto how = disk.write(*frozen);
    disk.sync();
    return how;
  };
  enqueue(
    time_.random.between(200, 5000),
    [this, write, mark = what.what->mark] {
      const bool full = conditions.full_until_us > time_.now_us();
      if (full || conditions.fail_next_checkpoint)
        conditions.count(full ? fault_kind::disk_full : fault_kind::checkpoint_failure);
      auto how = write(full || std::exchange(conditions.fail_next_checkpoint, false));
      if (how && conditions.compacting_until_us > time_.now_us())
        conditions.count(fault_kind::compaction);
      checkpoint_done done{mark, std::move(how)};
      if (done.how)
        done.digest = std::make_shared<const storage::state_digest>(home_->disk().digest());
      tell(std::move(done));
    },
    [write] { write(false); });
}

void simulated_node::perform(partition::read_snapshot_part& what) {
  enqueue(time_.random.between(50, 3000), [this, peer = what.for_peer, offset = what.offset,
                                           digest = what.digest, least = what.at_least] {
    auto part = shelf_->read(home_->disk(), peer, offset, digest);
    if (part && *part && (*part)->mark.index < least)
      part = make_error(error_code::overloaded, "the checkpoint is still to come");
    tell(snapshot_part_read{peer, std::move(part)});
  });
}

void simulated_node::perform(partition::release_snapshot& what) {
  enqueue(0, [this, peer = what.peer] {
    if (peer)
      shelf_->release(*peer);
    else
      shelf_->release_all();
  });
}

void simulated_node::perform(partition::take_snapshot_part& what) {
  enqueue(time_.random.between(50, 3000), [this, part = std::move(what.what)] {
    snapshot_part_taken taken;
    taken.mark = part.mark;
    const auto held = shelf_->take(part);
    if (!held) {
      taken.how = held.problem();
    } else if (held->complete) {
      taken.how = shelf_->load();
      taken.loaded = bool{taken.how};
    } else {
      taken.next_offset = held->next_offset;
    }
    tell(std::move(taken));
  });
}

void simulated_node::perform(partition::replace_state&) {
  enqueue(time_.random.between(200, 30'000), [this] {
    auto state = shelf_->replace();
    expect(bool{state}, "snapshot", state ? "" : state.problem().message);
    ++snapshots_installed_;
    tell(partition::state_replaced{std::move(*state)});
  });
}

} // namespace present::simulation
