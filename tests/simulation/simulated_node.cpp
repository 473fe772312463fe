#include "tests/simulation/simulated_node.hpp"

#include "tests/simulation/oracle_violation.hpp"
#include "tests/simulation/planned_fault.hpp"

#include <algorithm>
#include <utility>

/// A node's life, and how its replica takes turns. Its disks are in node_disks.cpp,
/// its clients in node_doors.cpp.
namespace present::simulation {

namespace {

constexpr std::size_t part_bytes = 200;

/// Small limits, so that every one of them is met.
raft::raft_settings raft_settings_of(std::uint64_t seed) {
  raft::raft_settings settings;
  settings.seed = seed;
  settings.max_message_entries = 8;
  settings.max_message_bytes = 1500;
  settings.max_inflight_messages = 4;
  settings.max_inflight_bytes = 8000;
  settings.max_tail_bytes = 2000;
  settings.max_applying_bytes = 4000;
  settings.max_retained_bytes = 4000;
  settings.max_pinned_bytes = 12'000;
  settings.max_promotion_lag_entries = 8;
  settings.quiet_after_ms = 200;
  settings.quiet_heartbeat_ms = 500;
  return settings;
}

} // namespace

simulated_node::simulated_node(node_id id, store_id store,
                               const raft::configuration& founders, cluster_map_ptr map,
                               schedule& time, node_surroundings& outside)
    : clock(time.random.below(1'000'000)), id_(id), founders_(founders),
      map_(std::move(map)), time_(time), outside_(outside), journal_({"simulated", id, store, 1}),
      home_(std::make_shared<storage::memory_state_home>()),
      checkpoint_bytes_(time.random.between(500, 10'000)) {
}

// -- its life ------------------------------------------------------------------------

void simulated_node::start() {
  ++life_;
  conditions.paused_until_us = 0;
  opening_ = time_.random.next();
  open_replica();
}

void simulated_node::open_replica() {
  syncing_ = busy_ = false;
  armed_us_ = 0;
  partition::replica_settings options;
  options.machine.id = partition;
  options.machine.self = id_;
  // The product has one. What many do to each other is harder to get right.
  options.machine.max_proposals_in_flight = 8;
  const bool tiny = conditions.compacting_until_us > time_.now_us();
  options.machine.checkpoint_bytes = tiny ? 200 : checkpoint_bytes_;
  options.machine.marker_interval_ms = 300 + static_cast<std::uint32_t>(checkpoint_bytes_ % 3000);
  options.machine.marker_entries = 50;
  options.machine.watches = {tiny ? 600u : 4000u, 60};
  options.raft = raft_settings_of(time_.random.next());
  if (conditions.waits_for_all_witnesses)
    options.raft.witness_patience_ms = endless_patience_ms;
  options.store = store();
  options.witnesses = *journal_.witnesses(partition);
  options.life = {journal_.identity().boot, opening_};
  options.founders = founders_;
  if (std::exchange(damaged_, false))
    lost_journals_.push_back(journal_);
  auto found = journal_.recover(partition);
  auto opened = storage::open_usable_state(*home_);
  if (!opened) // a condemned one that somebody still holds
    return later(10'000, [this] { open_replica(); });
  shelf_ = std::make_shared<storage::snapshot_shelf>(home_, partition, part_bytes);
  replica_ = std::make_unique<partition::replica>(options, std::move(*found),
                                                  std::move(opened->state), opened->mark,
                                                  clock.monotonic_ms(time_.now_us()));
  const auto life = life_;
  tell(partition::time_passed{});
  if (life == life_)
    tell(partition::map_known{map_});
  check_state();
}

/// The scrubber reads all of it back, in its own time.
void simulated_node::check_state() {
  tell_later(time_.random.between(500, 150'000), raft::state_checked{});
}

void simulated_node::crash() {
  ++life_;
  replica_.reset();
  shelf_.reset();
  said_.clear();
  held_back_.clear();
  stood_still_.clear();
  keep_some(gathered_.size());
  gathered_.clear();
  end_jobs(time_.random.chance(500));
  journal_.crash();
  home_->crash();
  doors_.clear();
  askers_.clear();
  conditions.fail_next_sync = false;
  conditions.crash_after_effects.reset();
  outside_.ended(*this);
}

/// The journal and the checkpointer live on, and do what they had been given.
void simulated_node::restart_replica() {
  ++life_;
  replica_.reset();
  said_.clear();
  held_back_.clear();
  stood_still_.clear();
  keep_all();
  end_jobs(true);
  shelf_.reset();
  lose_askers();
  open_replica();
}

void simulated_node::learn_map(cluster_map_ptr map) {
  if (map->epoch <= map_->epoch)
    return;
  map_ = std::move(map);
  tell(partition::map_known{map_});
}

void simulated_node::wipe(store_id next) {
  lost_journals_.push_back(journal_);
  journal_.wipe(next);
  home_ = std::make_shared<storage::memory_state_home>();
  old_journal_.reset();
}

void simulated_node::copy_files() {
  old_journal_ = journal_;
  old_home_ = home_->copy();
}

bool simulated_node::put_files_back() {
  if (!old_journal_)
    return false;
  old_journal_->crash();
  old_home_->crash();
  const bool lost = !(old_journal_->extent_of(partition) == journal_.extent_of(partition));
  lost_journals_.push_back(std::move(journal_));
  journal_ = *std::exchange(old_journal_, std::nullopt);
  home_ = std::exchange(old_home_, nullptr);
  return lost;
}

// -- turns ---------------------------------------------------------------------------

void simulated_node::later(std::uint64_t delay_us, std::function<void()> what) {
  time_.after(delay_us, [this, life = life_, what = std::move(what)] {
    if (life == life_)
      what();
  });
}

void simulated_node::tell_later(std::uint64_t delay_us, partition::replica_event_kind what) {
  later(delay_us, [this, what = std::move(what)]() mutable { tell(std::move(what)); });
}

/// A node that stands still hears it afterwards; one whose state is being replaced,
/// when it has one again (R3).
bool simulated_node::hold_back(partition::replica_event_kind& what) {
  if (conditions.paused_until_us > time_.now_us()) {
    conditions.count(fault_kind::pause);
    if (stood_still_.empty())
      later(conditions.paused_until_us - time_.now_us(), [this] { catch_up(); });
    stood_still_.push_back(std::move(what));
    return true;
  }
  if (!replica_->is_without_state()
      || std::holds_alternative<partition::state_replaced>(what))
    return false;
  held_back_.push_back(std::move(what));
  return true;
}

void simulated_node::catch_up() {
  const auto life = life_;
  for (auto& what : std::exchange(stood_still_, {}))
    if (life == life_)
      tell(std::move(what));
}

void simulated_node::tell(partition::replica_event_kind what) {
  if (!replica_ || hold_back(what))
    return;
  const auto now_us = time_.now_us();
  const auto life = life_;
  outside_.heard(*this, what);
  auto before = standing_now();
  said_.clear();
  replica_->hear({clock.monotonic_ms(now_us), clock.wall_ms(now_us), std::move(what)}, said_);
  do {
    outside_.turned(*this, before, said_);
    perform_all(life);
    if (life != life_)
      return;
    before = standing_now();
    said_.clear();
  } while (replica_->turn(said_) || !said_.empty());
  arm();
  while (life == life_ && !held_back_.empty() && !replica_->is_without_state()) {
    auto next = std::move(held_back_.front());
    held_back_.pop_front();
    tell(std::move(next));
  }
}

standing simulated_node::standing_now() const {
  return {replica_->raft().commit(), replica_->partition().applied(),
          replica_->raft().members()};
}

void simulated_node::perform_all(std::uint64_t life) {
  auto wanted = std::exchange(said_, {});
  for (auto& effect : wanted) {
    auto& left = conditions.crash_after_effects;
    if (left && (*left)-- == 0)
      conditions.crash_for(conditions.crash_duration_us, fault_kind::crash);
    if (life != life_)
      return;
    std::visit([this](auto& what) { perform(what); }, effect);
  }
}

void simulated_node::perform(raft::send& what) {
  outside_.transmit(what.what);
  const auto* vote = std::get_if<raft::vote_reply>(&what.what.content);
  if (vote && !vote->pre && vote->granted && conditions.crash_after_vote_us > 0)
    conditions.crash_for(std::exchange(conditions.crash_after_vote_us, 0),
                         fault_kind::crash_voter);
}

/// No fault of the plan makes a state differ without a check of its own that fails.
void simulated_node::perform(partition::condemn_state& what) {
  expect(what.why->find("a majority") == std::string::npos, "equal digests at markers",
         "node " + std::to_string(id_.value) + ": " + *what.why);
  condemn_state();
}

void simulated_node::perform(raft::rebuild_needed&) {
  conditions.crash_for(time_.random.between(1'000, 100'000), fault_kind::disk_failure);
}

/// One alarm, as `next_wake` asks.
void simulated_node::arm() {
  const auto wake = replica_->next_wake();
  if (!wake)
    return;
  const auto due = clock.due_us(*wake, time_.now_us());
  if (armed_us_ != 0 && armed_us_ <= due)
    return;
  armed_us_ = due;
  later(due - time_.now_us(), [this, due] {
    if (armed_us_ != due)
      return;
    armed_us_ = 0;
    tell(partition::time_passed{});
  });
}

// -- what can be seen of it ------------------------------------------------------------

bool simulated_node::has_durable(log_index index, term at_term) const {
  for (const auto& lost : lost_journals_)
    if (const auto* held = lost.durable_entry(partition, index);
        (held && held->at_term == at_term) || index <= lost.durable_base(partition))
      return true;
  if (const auto* held = journal_.durable_entry(partition, index))
    return held->at_term == at_term;
  const auto base = journal_.durable_base(partition);
  return index <= base || index <= home_->disk().applied()->index;
}

/// In memory, or else on disk, since it was handed on.
raft::entry simulated_node::entry_at(log_index index) const {
  const auto& log = replica_->raft().log();
  if (index >= log.tail_first())
    return log.slice(index, 1, 0).front();
  const auto* found = journal_.durable_entry(partition, index);
  expect(found, "equal logs", "no trace of entry " + std::to_string(index.value));
  return *found;
}

std::uint64_t simulated_node::digest(const std::vector<client_id>& clients) const {
  std::uint64_t sum = 0;
  const auto add = [&](storage::row&& row) {
    fold(sum, storage::digest_of(row.key, row.what));
    return true;
  };
  using storage::record_key;
  using kinds = storage::record_kind;
  for (const auto kind : {kinds::space, kinds::value, kinds::prepared, kinds::decision,
                          kinds::past_value, kinds::tombstone, kinds::lock, kinds::fence}) {
    const auto visited
      = replica_->table().visit(record_key::start_of(kind), record_key::end_of(kind), add);
    expect(bool{visited}, "state", "the state can't be read");
  }
  for (const auto client : clients) {
    const auto* session = replica_->partition().sessions().find(client);
    fold(sum, session ? session->acked_below.value + 1 : 0);
    if (!session)
      continue;
    fold(sum, session->live_until.value);
    for (const auto& answer : session->answers) {
      fold(sum, answer.number.value);
      fold(sum, answer.version.value);
      fold(sum, static_cast<std::uint64_t>(answer.code));
    }
  }
  return sum;
}

} // namespace present::simulation
