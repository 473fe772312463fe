#include "actors/partition/replica.hpp"

#include "actors/partition/entry_codec.hpp"
#include "actors/partition/log_recovery.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/sound_state.hpp"
#include "actors/raft/quorum.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>
#include <utility>

namespace present::partition {

namespace {

/// Before what the disk refused is tried again: a full one may have room by then.
constexpr time_ms again_after_ms = 1000;

/// Of what the steward proposes, apart from the partition's proposals: nobody waits
/// for what becomes of it, the steward looks again.
constexpr raft::ticket of_steward = raft::ticket{1} << 63;

refusal_reason as_partition_sees(raft::refusal why) {
  switch (why) {
    case raft::refusal::overloaded:
    case raft::refusal::in_progress:
      return refusal_reason::overloaded;
    case raft::refusal::disk_full:
      return refusal_reason::disk_full;
    default:
      return refusal_reason::not_leader;
  }
}

raft::recovered_state prepared(raft::recovered_state found,
                               const raft::configuration& founders,
                               const raft::snapshot_mark& mark) {
  // A log that was here once has told its members, and its word is kept (J3).
  if (found.snapshot.index.value == 0 && found.snapshot.members.voters.empty()
      && found.promised == raft::log_position{})
    found.snapshot.members = founders;
  catch_up_log(found, mark);
  return found;
}

} // namespace

replica::replica(const replica_settings& options, raft::recovered_state found,
                 state_backend_ptr state, const raft::snapshot_mark& mark, time_ms now)
    : id_(options.machine.id), store_(options.store), checkpoint_bytes_(options.machine.checkpoint_bytes),
      max_clock_offset_ms_(options.machine.max_clock_offset_ms),
      backend_(std::move(state)), table_(*backend_),
      partition_(options.machine, table_, mark), book_(options.witnesses),
      inquiry_({options.machine.self, options.life, options.raft.witness_patience_ms}, now),
      raft_(options.machine.self, options.store, options.raft,
            prepared(std::move(found), options.founders, mark), now),
      steward_({options.machine.self, options.machine.id}),
      audit_({.self = options.machine.self,
              .marker_interval_ms = options.machine.marker_interval_ms,
              .marker_entries = options.machine.marker_entries}) {
  inquiry_.on_members(raft_.members(), raft_.log().last_position(), now);
}

// -- what it hears -----------------------------------------------------------------

void replica::hear(replica_event input, replica_effects& out) {
  check(backend_ || std::holds_alternative<state_replaced>(input.what),
        "R3: a replica without a state was told something");
  now_ = std::max(now_, input.now);
  wall_ms_ = input.wall_ms;
  out_ = &out;
  std::visit([this](auto& what) { on(what); }, input.what);
}

void replica::on(time_passed& what) {
  while (!later_.empty() && later_.begin()->first <= now_) {
    auto due = std::move(later_.extract(later_.begin()).mapped());
    if (auto* known = std::get_if<raft::event_kind>(&due))
      tell(std::move(*known));
    else
      send_checkpoint();
  }
  look_is_due_ |= steward_.next_look() && *steward_.next_look() <= now_;
  look_after_witnesses();
  if (!inquiry_.is_asking()) // R9
    tell(raft::event_kind{raft::time_passed{}});
  tell(event_kind{std::move(what)});
}

void replica::on(map_known& what) {
  steward_.on_map(what.map);
  look_is_due_ = true;
  tell(event_kind{std::move(what)});
}

void replica::on(raft::received& what) {
  const auto& message = what.what;
  if (has_node(raft_.members().voters, message.from))
    tell(event_kind{peer_clock_read{message.from, message.wall_ms}});
  if (const auto* beside = std::get_if<raft::carried>(&message.content))
    return on_carried(message, *beside->what);
  remember(message);
  if (is_withheld(message)) {
    inquiry_.on_spoken(message.from, now_);
    look_after_witnesses();
  } else if (!is_too_far_ahead(message)) {
    tell(raft::event_kind{std::move(what)});
  }
}

void replica::on(raft::persist_failed& what) {
  book_.on_lost_write();
  tell(raft::event_kind{what});
}

bool replica::is_too_far_ahead(const raft::message& what) {
  if (!std::holds_alternative<raft::append_request>(what.content))
    return false;
  const auto most = wall_ms_ + 2 * max_clock_offset_ms_;
  const bool too_far
    = what.latest.wall_ms() > most && !mutated(mutant::take_far_stamps);
  if (too_far && !skew_was_told_)
    out_->push_back(skew_seen{what.from, what.latest.wall_ms() - wall_ms_});
  skew_was_told_ = too_far;
  return too_far;
}

void replica::on(raft::link_changed& what) {
  look_is_due_ = true;
  if (what.up)
    inquiry_.hurry(now_);
  look_after_witnesses();
  tell(raft::event_kind{what});
}

std::optional<time_ms> replica::next_wake() const {
  std::optional<time_ms> wake;
  const auto sooner = [&](time_ms at) { wake = std::min(wake.value_or(at), at); };
  for (const auto other : {inquiry_.is_asking() ? inquiry_.next_look() : raft_.next_wake(),
                           partition_.next_wake(), steward_.next_look(), audit_.next_look()})
    if (other)
      sooner(*other);
  if (!later_.empty())
    sooner(later_.begin()->first);
  return wake;
}

// -- the machines' turns -----------------------------------------------------------

bool replica::turn(replica_effects& out) {
  out_ = &out;
  if (!partition_events_.empty() && !damaged_) {
    const event input{now_, wall_ms_, std::move(partition_events_.front())};
    partition_events_.pop_front();
    step_partition(input);
    return true;
  }
  if (raft_events_.empty()) {
    if (std::exchange(look_is_due_, false)) {
      look_after_members();
      return true;
    }
    if (checkpoint_waits_ && backend_ && !table_.is_frozen() && !holds_checkpoints()) {
      begin_checkpoint();
      return true;
    }
    if (damaged_ || !audit_.is_due(partition_.applied(), now_))
      return false;
    look_after_digests();
    return true;
  }
  const raft::event input{now_, std::move(raft_events_.front())};
  raft_events_.pop_front();
  step_raft(input);
  return true;
}

void replica::step_raft(const raft::event& input) {
  for (auto& effect : raft_.step(input))
    std::visit([this](auto& what) { carry_out(what); }, effect);
  if (raft_.waits_for_room() == room_was_told_) {
    room_was_told_ = !room_was_told_;
    tell(event_kind{room_known{room_was_told_}});
  }
}

void replica::carry_out(raft::send& what) {
  what.what.wall_ms = wall_ms_;
  what.what.latest = partition_.latest_stamp();
  out_->push_back(std::move(what));
}

void replica::step_partition(const event& input) {
  effects wanted;
  const bool led = partition_.leads();
  try {
    partition_.step(input, wanted);
  } catch (const state_damaged& why) {
    return become_damaged(why.what());
  }
  look_is_due_ |= partition_.leads() && !led;
  for (auto& effect : wanted)
    std::visit([this](auto& what) { carry_out(what); }, effect);
}

// -- damage (P24, P25, FAULTS 11) ----------------------------------------------------

void replica::on(damage_reported& what) {
  if (what.in_state)
    return become_damaged("it was read back");
  damaged_ = true;
  tell(raft::event_kind{raft::damage_found{}});
}

/// What was answered `damaged` is on its way already.
void replica::carry_out(damage_met& what) {
  become_damaged(*what.what);
}

/// A damaged state is set aside, and the next leader sends another one.
void replica::become_damaged(const std::string& why) {
  if (std::exchange(damaged_, true))
    return;
  out_->push_back(condemn_state{std::make_shared<const std::string>(why)});
  tell(raft::event_kind{raft::damage_found{}});
}

// -- raft to the disk and to the partition -----------------------------------------

void replica::carry_out(raft::persist& what) {
  if (book_.is_due(now_))
    remember_matched();
  out_->push_back(write_journal{{id_, what.hard, std::move(what.entries),
                                 std::move(what.base), what.drop_tail, what.number,
                                 what.follows, book_.take_due(now_)}});
}

void replica::carry_out(raft::apply& what) {
  for (const auto& item : what.entries)
    tell(event_kind{committed{item.index, item.at_term, batch_of(item)}});
  tell(raft::event_kind{raft::applied{what.entries.back().index}});
}

/// A leader has the batch still, and need not read it from the entry.
std::shared_ptr<const entry_batch> replica::batch_of(const raft::entry& item) const {
  if (item.kind != raft::entry_kind::command)
    return nullptr;
  if (auto known = partition_.proposed_at(item.index, item.at_term))
    return known;
  auto decoded = decode_entry(*item.payload);
  check(bool{decoded}, decoded ? "" : decoded.problem().message);
  return std::make_shared<const entry_batch>(std::move(*decoded));
}

void replica::carry_out(raft::proposal_accepted& what) {
  if (what.id != of_steward)
    tell(event_kind{proposal_placed{what.id, what.index, what.at_term}});
}

void replica::carry_out(raft::proposal_refused& what) {
  if (what.id != of_steward)
    tell(event_kind{proposal_refused{what.id, as_partition_sees(what.why)}});
}

void replica::carry_out(raft::proposal_replaced& what) {
  if (what.id != of_steward)
    tell(event_kind{proposal_replaced{what.id}});
}

void replica::carry_out(raft::proposal_unknown& what) {
  if (what.id != of_steward)
    tell(event_kind{proposal_lost{what.id}});
}

void replica::carry_out(raft::read_ready& what) {
  tell(event_kind{read_confirmed{what.id, what.index}});
}

void replica::carry_out(raft::read_refused& what) {
  tell(event_kind{read_refused{what.id}});
}

/// What is lost with the leadership has no peers to release one by one.
void replica::carry_out(raft::role_changed& what) {
  const bool leads = what.role == raft::role_kind::leader;
  if (!leads)
    out_->push_back(release_snapshot{std::nullopt});
  steward_.on_role(leads, now_);
  audit_.on_role(leads, now_);
  tell(event_kind{role_known{leads, what.at_term, what.leader}});
  out_->push_back(what);
}

void replica::carry_out(raft::quorum_changed& what) {
  tell(event_kind{quorum_known{what.has_quorum}});
  out_->push_back(what);
}

void replica::carry_out(raft::configuration_changed& what) {
  look_is_due_ = true;
  tell(event_kind{voters_known{what.members.voters}});
  book_.keep(raft::quorum::everyone(what.members));
  inquiry_.on_members(what.members, raft_.log().last_position(), now_);
  out_->push_back(what);
}

// -- who keeps it ------------------------------------------------------------------

/// Who only begins to lead looks when it does in earnest (P16).
void replica::look_after_members() {
  if (!partition_.leads())
    return;
  if (const auto step = steward_.look(seen_by_leader(), now_))
    std::visit([this](const auto& what) { carry_out(what); }, *step);
}

leader_view replica::seen_by_leader() const {
  leader_view seen;
  seen.at_term = raft_.current_term();
  seen.members = raft_.members();
  seen.members_index = raft_.log().members_index();
  seen.committed = seen.members_index <= raft_.commit();
  seen.last = raft_.log().last();
  seen.peers = raft_.peers();
  return seen;
}

void replica::carry_out(const exchange_members& what) {
  tell(raft::event_kind{raft::propose_configuration{of_steward, what.wanted}});
}

void replica::carry_out(const hand_over& what) {
  tell(raft::event_kind{raft::transfer_leadership{what.to}});
}

// -- the partition to raft ---------------------------------------------------------

void replica::carry_out(propose& what) {
  tell(raft::event_kind{raft::propose{what.ticket, encode_entry(*what.batch)}});
}

void replica::carry_out(confirm_read& what) {
  tell(raft::event_kind{raft::read_request{what.ticket}});
}

// -- checkpoints -------------------------------------------------------------------

void replica::carry_out(checkpoint_due&) {
  checkpoint_waits_ = holds_checkpoints();
  if (!checkpoint_waits_ && !table_.is_frozen())
    begin_checkpoint();
}

void replica::begin_checkpoint() {
  checkpoint_waits_ = false;
  partition_.write_back();
  auto frozen = table_.freeze(raft_.log().mark_at(partition_.applied()));
  check(bool{frozen}, "R2: a second checkpoint on its way");
  checkpoint_ = std::move(*frozen);
  if (mutated(mutant::log_goes_early))
    tell(raft::event_kind{raft::compacted{checkpoint_->mark}});
  send_checkpoint();
}

void replica::send_checkpoint() {
  if (checkpoint_) // else a snapshot took the state's place meanwhile
    out_->push_back(write_checkpoint{checkpoint_, backend_});
}

/// R1: until it is durable the log and the frozen table are kept.
void replica::on(checkpoint_done& what) {
  if (!checkpoint_ || what.mark.index != checkpoint_->mark.index)
    return; // of a state that a snapshot replaced
  // A damaged row can't be taken out of the sums.
  if (!what.how && what.how.problem().code == error_code::damaged)
    return become_damaged(what.how.problem().message);
  if (!what.how) {
    later_.emplace(now_ + again_after_ms, checkpoint_again{});
    return;
  }
  if (marker_ == what.mark.index)
    on_digest_taken(std::exchange(marker_, {}), std::move(what.digest));
  checkpoint_.reset();
  table_.release_frozen();
  tell(raft::event_kind{raft::compacted{what.mark}});
  checkpoint_waits_ = table_.active_bytes() >= checkpoint_bytes_;
}

// -- snapshots, sent (rule 10, P18) --------------------------------------------------

void replica::carry_out(raft::read_snapshot& what) {
  const bool repairs = what.at_least > log_index{};
  if (what.digest == 0 && repairs && !may_repair(what.at_least))
    tell(raft::event_kind{raft::snapshot_read{what.for_peer, {}}});
  else if (what.digest == 0 && !reaches(what.at_least))
    later_.emplace(now_ + again_after_ms, raft::snapshot_read{what.for_peer, {}});
  else
    out_->push_back(read_snapshot_part{what.for_peer, what.offset, what.digest,
                                       what.at_least, backend_});
}

/// Whether the durable state will hold everything up to `wanted` by the time that it
/// is read: if need be it is written first.
bool replica::reaches(log_index wanted) {
  if (checkpoint_)
    return checkpoint_->mark.index >= wanted;
  if (const auto mark = backend_->applied(); mark && mark->index >= wanted)
    return true;
  if (partition_.applied() < wanted)
    return false;
  begin_checkpoint();
  return true;
}

void replica::carry_out(raft::release_snapshot& what) {
  out_->push_back(release_snapshot{what.for_peer});
}

void replica::on(snapshot_part_read& what) {
  if (!what.part && what.part.problem().code == error_code::damaged)
    return become_damaged(what.part.problem().message);
  if (!what.part) {
    later_.emplace(now_ + again_after_ms, raft::snapshot_read{what.for_peer, {}});
    return;
  }
  raft::snapshot_chunk chunk;
  if (auto& part = *what.part)
    chunk = {std::move(part->mark), part->offset, std::move(part->bytes), part->last,
             part->digest};
  tell(raft::event_kind{raft::snapshot_read{what.for_peer, std::move(chunk)}});
}

// -- snapshots, received -----------------------------------------------------------

void replica::carry_out(raft::install_snapshot& what) {
  auto& chunk = what.chunk;
  out_->push_back(take_snapshot_part{{std::move(chunk.mark), chunk.offset,
                                      std::move(chunk.bytes), chunk.last, chunk.digest}});
}

void replica::on(snapshot_part_taken& what) {
  if (!what.how)
    later_.emplace(now_ + again_after_ms, raft::snapshot_failed{what.mark});
  else if (what.loaded)
    begin_replacement();
  else
    tell(raft::event_kind{raft::snapshot_stored{what.mark, what.next_offset}});
}

/// Lets go of the old state everywhere, for two openings of one environment are
/// LMDB's undoing. A checkpoint that is still on its way was sent before and so is
/// written before.
void replica::begin_replacement() {
  table_.close();
  checkpoint_.reset();
  on_digest_taken(std::exchange(marker_, {}), nullptr);
  backend_.reset();
  out_->push_back(replace_state{});
}

/// From disk, as at a start.
void replica::on(state_replaced& what) {
  backend_ = std::move(what.state);
  const auto mark = backend_->applied();
  check(bool{mark}, mark ? "" : "the state can't be read: " + mark.problem().message);
  table_.reopen(*backend_);
  tell(event_kind{restored{*mark}});
  tell(raft::event_kind{raft::snapshot_installed{*mark}});
}

} // namespace present::partition
