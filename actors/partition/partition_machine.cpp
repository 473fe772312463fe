#include "actors/partition/partition_machine.hpp"

#include "actors/partition/answers.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/telling_changes.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace present::partition {

namespace {

/// Between an entry of the machine's own that was refused and the next: a full
/// disk doesn't get room by being asked again at once.
constexpr time_ms own_entry_pause_ms = 1000;

/// A client that has been told of it is told again, or served, after so long; as often as
/// raft tries (raft_settings::disk_retry_ms).
constexpr std::uint32_t no_room_retry_ms = 500;

error refusal(error_code code, std::string message, std::uint32_t retry_after_ms = 0) {
  auto why = make_error(code, std::move(message));
  why.retry_after_ms = retry_after_ms;
  return why;
}

/// The highest stamp that one of its operations reads at; 0: none does.
hlc_stamp reads_at(const request& what) {
  hlc_stamp highest;
  for (const auto& asked : what.operations)
    highest = std::max(highest, asked.reads_at());
  return highest;
}

error refused_proposal(refusal_reason why, error not_leading) {
  error said = std::move(not_leading);
  if (why == refusal_reason::overloaded) {
    said = make_error(error_code::overloaded, "too much waits for the quorum");
    said.retry_after_ms = 20;
  } else if (why == refusal_reason::disk_full) {
    said = make_error(error_code::disk_full, "the leader's disk is full");
    said.retry_after_ms = 1000;
  }
  return said;
}

} // namespace

partition_machine::partition_machine(const settings& options, storage::state& table,
                                     const raft::snapshot_mark& mark)
    : options_(options), table_(table), watches_(options.watches),
      state_(std::in_place, options.id, options.sessions, table), applied_(mark.index),
      applied_term_(mark.at_term), clock_(options.max_clock_offset_ms) {
  clock_.raise(state_->latest());
  watching::effects none;
  watches_.step(watching::restored{applied_, state_->latest()}, none);
}

void partition_machine::step(const event& input, effects& out) {
  leases_.advance(state_->locks(), input.now);
  std::visit(
    overloaded{
      [&](const arrived& e) { on_arrived(input, e, out); },
      [&](const role_known& e) { on_role(input, e, out); },
      [&](const quorum_known& e) { has_quorum_ = e.has_quorum; },
      [&](const room_known& e) { has_room_ = e.has_room; },
      [&](const proposal_placed& e) { on_placed(e, out); },
      [&](const proposal_refused& e) { on_refused(input, e, out); },
      [&](const proposal_replaced& e) { on_replaced(e.ticket, out); },
      [&](const proposal_lost& e) { on_lost(e.ticket, out); },
      [&](const read_confirmed& e) { on_read_confirmed(e, out); },
      [&](const read_refused& e) { on_read_refused(e.ticket, out); },
      [&](const committed& e) { on_committed(input, e, out); },
      [&](const restored& e) { on_restored(e, out); },
      [&](const map_known& e) { on_map(e); },
      [&](const buckets_disputed& e) {
        disputed_.reset();
        for (const auto bucket : e.buckets)
          disputed_.set(bucket);
      },
      [&](const marker_due&) { marker_is_due_ = phase_ != phase::following; },
      [&](const voters_known& e) { peers_.keep(e.voters); },
      [&](const peer_clock_read& e) { peers_.heard(e.peer, e.wall_ms, input.wall_ms); },
      [&](const time_passed&) { on_time_passed(input.now, out); },
      [&](const coordinated& e) { on_coordinated(e, out); },
      [&](const coordinator_gone&) { on_coordinator_gone(out); },
    },
    input.what);
  coordinate_waiting(input, out);
  look_for_left_transactions(input, out);
  propose_gathered(input, out);
  check_invariants();
}

std::optional<time_ms> partition_machine::next_wake() const {
  auto wake = requests_.next_deadline();
  const auto sooner = [&](time_ms at) { wake = std::min(wake.value_or(at), at); };
  if (const auto held = held_.next_deadline())
    sooner(*held);
  if (wants_own_entry())
    sooner(own_entry_not_before_);
  if (gathers_until_ != 0 && !gathered_.is_empty())
    sooner(gathers_until_);
  if (const auto look = next_look())
    sooner(*look);
  if (const auto look = leases_.next_look())
    sooner(*look);
  if (const auto due = parked_.next_due())
    sooner(*due);
  return wake;
}

// -- events ------------------------------------------------------------------------

/// Stale reads alone need no leader. Beside others a leader serves them as well
/// as those.
void partition_machine::on_arrived(const event& input, const arrived& what,
                                   effects& out) {
  const auto& operations = what.what->operations;
  const auto is_stale = [](const operation& o) { return o.is_stale_read(); };
  const auto stale = std::count_if(operations.begin(), operations.end(), is_stale);
  if (auto why = malformation_of(*what.what)) {
    refuse(what.tag, std::move(*why), out);
  } else if (what.only_in && *what.only_in != term_) {
    refuse(what.tag, not_leading(), out);
  } else if (take_watch(input, what, out)) {
    return;
  } else if (auto unfit = unfit_to_lead(); unfit && stale == 0) {
    refuse(what.tag, std::move(*unfit), out);
  } else if (unfit || static_cast<std::size_t>(stale) == operations.size()) {
    serve_stale(what, unfit.value_or(error{}), out);
  } else if (const auto seen = stamp_below(*what.what);
             (why = refusal_of(input, seen)) || (why = refusal_of_authors(input, *what.what))) {
    refuse(what.tag, std::move(*why), out);
  } else {
    admit_or_hold(input.now, what, seen, out);
  }
}

void partition_machine::on_role(const event& input, const role_known& what,
                                effects& out) {
  leader_ = what.leader;
  const bool is_new = phase_ == phase::following || what.at_term != term_;
  term_ = what.at_term;
  if (!what.leads)
    become_following(input.now, out);
  else if (is_new)
    become_taking_over(input.now);
}

void partition_machine::on_placed(const proposal_placed& what, effects& out) {
  const auto found = proposals_.find(what.ticket);
  check(found != proposals_.end(), "I4: a proposal that was never made has a place");
  const raft::log_position place{what.index, what.at_term};
  found->second.place = place;
  check(placed_.emplace(place, what.ticket).second, "I4: two proposals in one place");
  for (const auto tag : found->second.traced)
    out.push_back(stage_reached{tag, request_stage::logged});
  if (mutated(mutant::answer_when_placed))
    answer_each(std::exchange(found->second.origins, {}), [&](std::size_t i) {
      return applied_answer(found->second.batch->stamp_of(i));
    }, out);
}

void partition_machine::on_refused(const event& input, const proposal_refused& what,
                                   effects& out) {
  const auto found = proposals_.find(what.ticket);
  check(found != proposals_.end(), "I4: a proposal that was never made is refused");
  check(!found->second.place, "I5: a proposal with a place is refused");
  const auto origins = std::move(found->second.origins);
  proposals_.erase(found);
  own_entry_not_before_ = input.now + own_entry_pause_ms;
  fail(origins, refused_proposal(what.why, not_leading()), out);
}

void partition_machine::on_replaced(std::uint64_t ticket, effects& out) {
  drop_proposal(ticket, not_leading(), out);
}

void partition_machine::on_lost(std::uint64_t ticket, effects& out) {
  drop_proposal(ticket,
                make_error(error_code::unknown_outcome,
                           "a snapshot from the new leader took the entry's place"),
                out);
}

void partition_machine::drop_proposal(std::uint64_t ticket, const error& why,
                                      effects& out) {
  const auto found = proposals_.find(ticket);
  if (found == proposals_.end())
    return; // its entry was seen to be another's when that was applied
  const auto gone = std::move(found->second);
  proposals_.erase(found);
  if (gone.place)
    placed_.erase(*gone.place);
  fail(gone.origins, why, out);
}

void partition_machine::on_read_confirmed(const read_confirmed& what, effects& out) {
  if (!reads_.contains(what.ticket))
    return; // its request ran into its deadline
  if (what.index <= applied_)
    serve_read(what.ticket, out);
  else
    confirmed_.emplace(what.index, what.ticket);
}

void partition_machine::on_read_refused(std::uint64_t ticket, effects& out) {
  const auto found = reads_.find(ticket);
  if (found == reads_.end())
    return;
  const auto tag = found->second;
  reads_.erase(found);
  auto* asked = requests_.find(tag);
  const auto why = not_leading();
  for (std::uint32_t place = 0; place < asked->fates.size(); ++place)
    if (asked->fates[place] == waits_for::index)
      asked->answer_place(place, refused_answer(why.code, why.message));
  respond_if_complete(tag, *asked, out);
}

void partition_machine::on_committed(const event& input, const committed& what,
                                     effects& out) {
  check(what.index == next(applied_), "I1: an entry is applied out of order");
  std::vector<answer> answers;
  watching::applied changed{what.index, {}, {}};
  if (what.batch) {
    const telling_changes to_watches{table_, changed.changes};
    answers = state_->apply(*what.batch);
    changed.last_stamp = what.batch->last_stamp();
    if (what.batch->command.index() != 0)
      compare_share();
    if (std::holds_alternative<digest_marker>(what.batch->command)) {
      marker_is_due_ = false;
      out.push_back(marker_applied{what.index});
    }
  }
  clock_.raise(state_->latest());
  applied_ = what.index;
  applied_term_ = what.at_term;
  settle_proposals(what, std::move(answers), out);
  wake_lock_waiters(out);
  gather_on(input.now);
  step_watches(std::move(changed), out);
  if (what.batch && std::holds_alternative<adopt_share>(what.batch->command))
    end_watches_elsewhere(out);
  if (phase_ == phase::taking_over && what.at_term == term_)
    become_leading(input.now);
  on_locks_changed(input.now, out);
  serve_applied_reads(out);
  release_held(out);
  if (!checkpoint_asked_ && table_.active_bytes() >= options_.checkpoint_bytes) {
    checkpoint_asked_ = true;
    out.push_back(checkpoint_due{});
  }
}

/// What follows from the log is built anew. What is open stays open: raft says
/// what became of the proposals, and reads are served from the later state.
void partition_machine::on_restored(const restored& what, effects& out) {
  check(phase_ == phase::following, "I1: the state under a leader was replaced");
  check(what.mark.index > applied_, "I1: a snapshot of what was applied");
  state_.emplace(options_.id, options_.sessions, table_);
  releases_seen_ = 0;
  clock_.raise(state_->latest());
  applied_ = what.mark.index;
  applied_term_ = what.mark.at_term;
  checkpoint_asked_ = false;
  compare_share();
  step_watches(watching::restored{applied_, state_->latest()}, out);
  end_watches_elsewhere(out);
  serve_applied_reads(out);
}

void partition_machine::on_map(const map_known& what) {
  if (what.map->epoch > known_share_.epoch) {
    known_share_ = {what.map->epoch, what.map->share_of(options_.id)};
    map_ = what.map;
    known_share_.spaces = what.map->settings_for(known_share_.owned);
  }
  compare_share();
}

/// A map that changed nothing for this partition is not logged.
void partition_machine::compare_share() {
  share_is_due_ = !state_->root_catalog() && known_share_.epoch > state_->epoch()
                  && (known_share_.owned != state_->owned()
                      || known_share_.spaces != state_->spaces());
}

void partition_machine::on_time_passed(time_ms now, effects& out) {
  for (const auto& read : parked_.take_due(now))
    answer_parked(read, true, out);
  while (const auto tag = requests_.late(now))
    answer_late(*tag, out);
  refuse_late_held(now, out);
}

// -- phases ------------------------------------------------------------------------

/// What nobody else has seen is refused; what is in the log waits for its fate, but
/// not for long.
void partition_machine::become_following(time_ms now, effects& out) {
  if (phase_ == phase::following)
    return;
  phase_ = phase::following;
  gathers_until_ = 0;
  leases_.end();
  refuse_parked(out);
  marker_is_due_ = false;
  disputed_.reset();
  while (!gathered_.is_empty())
    fail(gathered_.take_batch().origins, not_leading(), out);
  fail(std::exchange(to_coordinate_, {}), not_leading(), out);
  fail(std::exchange(locked_writes_, {}), not_leading(), out);
  in_hand_.clear();
  locked_reads_.clear();
  while (const auto held = held_.take_any())
    refuse(held->tag, not_leading(), out);
  if (mutated(mutant::refuse_what_is_placed))
    for (auto& [ticket, lost] : proposals_)
      fail(std::exchange(lost.origins, {}), not_leading(), out);
  requests_.hasten(now + options_.fate_patience_ms);
}

/// Until an entry of its own term is applied, this replica doesn't know the end
/// of its log, and so neither stamps nor proposes (I3, P16). Whoever was elected
/// has a quorum; that is told again only when it changes. Stamps of an earlier
/// leadership that came to nothing don't count: its clock may have been wrong (I8).
void partition_machine::become_taking_over(time_ms now) {
  const bool knows_its_log = applied_term_ == term_ || mutated(mutant::lead_before_own_entry);
  phase_ = phase::taking_over;
  has_quorum_ = true;
  own_entry_not_before_ = 0;
  looks_at_ = 0;
  clock_ = hybrid_clock{options_.max_clock_offset_ms};
  clock_.raise(state_->latest());
  close_up_to_ = {};
  in_hand_.clear(); // an earlier term's coordinator can do nothing any more (P16)
  if (knows_its_log)
    become_leading(now);
}

void partition_machine::become_leading(time_ms now) {
  phase_ = phase::leading;
  leases_.begin(state_->locks(), now);
}

// -- admission ---------------------------------------------------------------------

std::optional<error> partition_machine::malformation_of(const request& what) const {
  if (what.partition != options_.id)
    return refusal(error_code::wrong_partition,
                   "partition: " + std::to_string(what.partition.value)
                     + "; this is " + std::to_string(options_.id.value));
  if (what.operations.empty() || what.operations.size() > bounds::max_request_operations)
    return refusal(error_code::invalid,
                   "operations: " + std::to_string(what.operations.size())
                     + "; a request has 1 to "
                     + std::to_string(bounds::max_request_operations));
  const auto is_watch = [](const operation& o) { return std::holds_alternative<watch>(o.what); };
  if (what.operations.size() > 1
      && std::any_of(what.operations.begin(), what.operations.end(), is_watch))
    return refusal(error_code::invalid, "operations: a watch comes by itself");
  return std::nullopt;
}

std::optional<error> partition_machine::unfit_to_lead() const {
  if (phase_ == phase::following)
    return not_leading();
  if (!has_quorum_)
    return refusal(error_code::no_quorum,
                   "this node can't reach a majority of the partition's "
                   "replicas and has fenced itself", 100);
  return std::nullopt;
}

/// Why the whole request is refused before anything of it is looked at. Hints
/// only: whatever is decided by the state is decided when applied (P1).
std::optional<error> partition_machine::refusal_of(const event& input,
                                                   hlc_stamp seen) const {
  // A stamp that is in the log already drags nothing, however far ahead it is.
  const auto wall_ms = bounded_wall(input.wall_ms);
  const bool ahead = seen > clock_.latest()
                     && seen.wall_ms() > wall_ms + options_.max_clock_offset_ms;
  if (ahead && phase_ == phase::taking_over)
    return refusal(error_code::not_leader,
                   "the stamp seen may be in what this leader has yet to apply");
  if (ahead)
    return refusal(error_code::clock_skew,
                   "seen: the stamp is " + std::to_string(seen.wall_ms() - wall_ms)
                     + " ms ahead of this partition's clocks; the bound is "
                     + std::to_string(options_.max_clock_offset_ms) + " ms");
  if (gathered_.is_full() || requests_.size() + held_.size() >= options_.max_open_requests)
    return refusal(error_code::overloaded, "the partition's queue is full", 20);
  return std::nullopt;
}

/// Of one operation, before it is looked at by any state.
std::optional<answer> partition_machine::refusal_of(const operation& asked) const {
  if (auto broken = limit_broken_by(asked))
    return refused_answer(broken->code, broken->message);
  if (disputed_.any() && is_disputed(asked))
    return refused_answer(error_code::damaged,
                          "the replicas disagree on what is stored here, and none of them has "
                          "a majority: an operator has to decide whose word counts");
  return std::nullopt;
}

/// I10. A write also rests on what its session was answered before; a scan, and what
/// the root is asked, on many rows.
bool partition_machine::is_disputed(const operation& asked) const {
  const auto is_so = [&](const storage::record_key& key) {
    return disputed_.test(storage::state_digest::bucket_of(key));
  };
  if (!asked.is_read() && is_so(storage::record_key::session(asked.id.client)))
    return true;
  return std::visit(
    overloaded{
      [&](const transact& what) {
        bool met = false;
        visit_places(
          what,
          [&](space_id space, const std::string& key) {
            met = met || is_so(storage::record_key::value(space, key));
          },
          [&](space_id, const std::string&, const std::string&) { met = true; });
        return met;
      },
      [&](const auto& what) {
        if constexpr (requires { what.space; what.key; what.claim; })
          return is_so(storage::record_key::lock(what.space, what.key));
        else if constexpr (requires { what.space; what.key; })
          return is_so(storage::record_key::value(what.space, what.key));
        else
          return true;
      },
    },
    asked.what);
}

/// At once, from what is applied here.
void partition_machine::serve_stale(const arrived& what, const error& the_rest,
                                    effects& out) const {
  response reply;
  read_turn turn;
  for (const auto& asked : what.what->operations) {
    if (asked.reads_at() > state_->latest())
      reply.answers.push_back(
        refused_answer(error_code::not_leader, "this replica hasn't come to that stamp"));
    else if (!asked.is_stale_read())
      reply.answers.push_back(refused_answer(the_rest.code, the_rest.message));
    else if (auto refused = refusal_of(asked))
      reply.answers.push_back(std::move(*refused));
    else
      reply.answers.push_back(read(asked, turn));
    reply.answers.back().id = asked.id;
  }
  send(what.tag, std::move(reply), out);
  if (turn.damage)
    out.push_back(damage_met{std::move(turn.damage)});
}

void partition_machine::admit(const held_requests::held& what, bool was_held, effects& out) {
  clock_.raise(what.seen);
  auto& opened = requests_.open(what.tag, what.what, what.deadline);
  opened.is_traced = what.is_traced;
  opened.was_held = was_held;
  opened.arrived = what.arrived;
  const auto& operations = what.what->operations;
  opened.reads_at = reads_at(*what.what);
  close_up_to_ = std::max(close_up_to_, opened.reads_at);
  bool reads = false;
  for (std::uint32_t place = 0; place < operations.size(); ++place) {
    const auto& asked = operations[place];
    if (auto refused = refusal_of(asked)) {
      opened.answer_place(place, std::move(*refused));
    } else if (reaches_others(asked)) {
      to_coordinate_.push_back({what.tag, place});
    } else if (auto word = word_on_push(what, asked)) {
      opened.answer_place(place, std::move(*word));
    } else if (asked.is_read()) {
      opened.fates[place] = waits_for::index;
      reads = true;
    } else {
      const auto changed = advised(asked);
      const auto position = gathered_.push(changed ? *changed : asked, {what.tag, place});
      if (opened.gathered++ == 0)
        opened.gathered_from = position;
    }
  }
  if (reads) {
    opened.read_ticket = ++last_ticket_;
    reads_.emplace(opened.read_ticket, what.tag);
    out.push_back(confirm_read{opened.read_ticket});
    if (mutated(mutant::read_at_once))
      return serve_read(opened.read_ticket, out);
  }
  respond_if_complete(what.tag, opened, out);
}

// -- what becomes of them ----------------------------------------------------------

std::shared_ptr<const entry_batch>
partition_machine::proposed_at(log_index index, term at_term) const {
  const auto placed = mutated(mutant::ignore_fencing_term)
                        ? placed_.lower_bound({index, term{}})
                        : placed_.find({index, at_term});
  if (placed == placed_.end() || placed->first.index != index)
    return nullptr;
  return proposals_.at(placed->second).batch;
}

/// The entry that is committed at an index settles all that was proposed there:
/// what stands in its term is answered, what stood there in another was replaced. Terms
/// rise along a log: what was placed behind it in a lower one is not there either.
void partition_machine::settle_proposals(const committed& what,
                                         std::vector<answer> answers, effects& out) {
  for (auto placed = placed_.begin(); placed != placed_.end();) {
    const auto at = placed->first;
    if (at.index != what.index && at.at_term >= what.at_term) {
      ++placed;
      continue;
    }
    auto done = std::move(proposals_.extract(placed->second).mapped());
    placed = placed_.erase(placed);
    if (at.index != what.index || at.at_term != what.at_term) {
      fail(done.origins, not_leading(), out);
      continue;
    }
    check(answers.size() >= done.origins.size(), "I4: an entry lost its operations");
    last_round_ = {done.since, done.batch->operations.size()};
    for (const auto tag : done.traced)
      out.push_back(stage_reached{tag, request_stage::applied});
    keep_waiting(done, answers);
    answer_each(done.origins, [&](std::size_t i) { return std::move(answers[i]); }, out);
  }
}

void partition_machine::serve_applied_reads(effects& out) {
  while (!confirmed_.empty() && confirmed_.begin()->first <= applied_) {
    const auto ticket = confirmed_.begin()->second;
    confirmed_.erase(confirmed_.begin());
    serve_read(ticket, out);
  }
  while (!by_stamp_.empty() && by_stamp_.begin()->first <= state_->latest()) {
    const auto ticket = by_stamp_.begin()->second;
    by_stamp_.erase(by_stamp_.begin());
    serve_read(ticket, out);
  }
}

void partition_machine::serve_read(std::uint64_t ticket, effects& out) {
  const auto found = reads_.find(ticket);
  if (found == reads_.end())
    return; // its request ran into its deadline
  const auto tag = found->second;
  auto* asked = requests_.find(tag);
  // Until something is applied that is stamped so late, something earlier may be yet (P22).
  if (state_->latest() < asked->reads_at && !mutated(mutant::read_before_closed)) {
    by_stamp_.emplace(asked->reads_at, ticket);
    return;
  }
  reads_.erase(found);
  read_turn turn;
  bool locked = false;
  for (std::uint32_t place = 0; place < asked->fates.size(); ++place) {
    if (asked->fates[place] != waits_for::index)
      continue;
    const auto& one = asked->what->operations[place];
    if (one.is_lock_read()) {
      serve_lock_read(tag, *asked, place);
      continue;
    }
    auto given = read(one, turn);
    locked = locked || given.holder;
    if (!given.holder)
      asked->answer_place(place, std::move(given));
  }
  if (locked) { // I12
    reads_.emplace(ticket, tag);
    locked_reads_.push_back(ticket);
    return;
  }
  if (asked->is_traced)
    out.push_back(stage_reached{tag, request_stage::confirmed});
  respond_if_complete(tag, *asked, out);
  if (turn.damage)
    out.push_back(damage_met{std::move(turn.damage)});
}

/// The answers of one request have a bound together; once it is used up nothing
/// more is read. A single answer always fits, so who asks again is served in the end:
/// what goes in one request is the client's choice, and no caller's fault.
answer partition_machine::read(const operation& asked, read_turn& turn) const {
  const auto no_room = [] {
    return refused_answer(error_code::overloaded,
                          "the answers of this request are over "
                            + std::to_string(bounds::max_request)
                            + " bytes: ask for the rest again");
  };
  if (turn.bytes_left == 0)
    return no_room();
  auto given = std::visit(
    [&](const auto& what) {
      if constexpr (requires { state_->read(what); })
        return state_->read(what);
      else
        return refused_answer(error_code::invalid, "a write among the reads");
    },
    asked.what);
  if (given.code == error_code::damaged)
    turn.damage = std::make_shared<const std::string>(given.message);
  std::size_t bytes = (given.value ? given.value->size() : 0) + bytes_of(given.steps);
  for (const auto& row : given.rows)
    bytes += row.key.size() + (row.value ? row.value->size() : 0);
  if (bytes > turn.bytes_left) {
    turn.bytes_left = 0;
    return no_room();
  }
  turn.bytes_left -= bytes;
  return given;
}

// -- answering ---------------------------------------------------------------------

/// `give(i)` is the answer for origin i. Origins of one request stand together,
/// so that it is looked up once.
template <class GiveAnswer>
void partition_machine::answer_each(const std::vector<write_origin>& origins,
                                    GiveAnswer give, effects& out) {
  for (std::size_t i = 0; i < origins.size();) {
    const auto tag = origins[i].tag;
    auto* asker = requests_.find(tag); // null: answered at its deadline
    for (; i < origins.size() && origins[i].tag == tag; ++i)
      if (asker)
        asker->answer_place(origins[i].place, give(i));
    if (asker)
      respond_if_complete(tag, *asker, out);
  }
}

void partition_machine::fail(const std::vector<write_origin>& origins,
                             const error& why, effects& out) {
  answer_each(origins, [&](std::size_t) {
    return refused_answer(why.code, why.message);
  }, out);
}

/// Nothing waits beyond its deadline: what is in the log by then may or may not
/// be applied, the rest never will be.
void partition_machine::answer_late(request_tag tag, effects& out) {
  auto& late = *requests_.find(tag);
  if (late.fates.front() == waits_for::change)
    return end_watch(tag, out);
  for (std::uint32_t i = 0; i < late.gathered; ++i)
    gathered_.drop(late.gathered_from + i);
  reads_.erase(late.read_ticket);
  for (std::uint32_t place = 0; place < late.fates.size(); ++place)
    if (const auto fate = late.fates[place]; fate != waits_for::nothing)
      late.answer_place(place, late_answer(fate));
  respond_if_complete(tag, late, out);
}

answer partition_machine::late_answer(waits_for fate) const {
  const bool is_in_log = fate == waits_for::log;
  auto given = refused_answer(error_code::deadline,
                              has_quorum_ ? "the partition did not answer in time"
                                          : "the partition has no quorum");
  if (phase_ == phase::following)
    given = is_in_log ? refused_answer(error_code::unknown_outcome,
                                       "this node has proposed it and leads no more: the next "
                                       "leader knows whether it is applied")
                      : refused_answer(error_code::not_leader, not_leading().message);
  given.known = is_in_log && !mutated(mutant::refuse_late_writes) ? outcome::unknown
                                                                  : outcome::not_applied;
  return given;
}

void partition_machine::respond_if_complete(request_tag tag,
                                            const open_request& answered,
                                            effects& out) {
  if (answered.open != 0)
    return;
  const auto held = answered.was_held ? answered.what : nullptr;
  auto reply = requests_.close(tag);
  if (held)
    note_waiting(*held, reply);
  send(tag, std::move(reply), out);
}

void partition_machine::refuse(request_tag tag, error why, effects& out) const {
  why.leader_hint = leader_.value;
  response reply;
  reply.failure = std::move(why);
  send(tag, std::move(reply), out);
}

/// The stamp is one that is committed: a client would carry one of a leader whose clock
/// is wrong to others, which refuse it (P21).
void partition_machine::send(request_tag tag, response reply, effects& out) const {
  reply.stamp = state_->latest();
  reply.epoch = state_->epoch();
  reply.leader = leader_;
  out.push_back(respond{tag, std::make_shared<const response>(std::move(reply))});
}

/// Where no disk has room nobody leads, and each says why.
error partition_machine::not_leading() const {
  if (!has_room_ && leader_.value == 0)
    return refusal(error_code::disk_full,
                   "node " + std::to_string(options_.self.value)
                     + " waits for room on its disk, and no other leads",
                   no_room_retry_ms);
  return make_error(error_code::not_leader,
                    leader_.value == 0
                      ? "no leader is known: an election is under way"
                      : "node " + std::to_string(leader_.value) + " leads");
}

void partition_machine::write_back() {
  state_->write_back();
  checkpoint_asked_ = false;
}

void partition_machine::check_invariants() const {
  check(placed_.size() <= proposals_.size(), "I4: a place without a proposal");
  check(reads_.size() <= requests_.size(), "I4: a read without a request");
  check(gathered_.is_empty() || phase_ != phase::following,
        "I5: a follower holds writes that it will not propose");
}

} // namespace present::partition
