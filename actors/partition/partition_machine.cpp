#include "actors/partition/partition_machine.hpp"

#include "actors/partition/answers.hpp"
#include "runtime/base/check.hpp"

#include <algorithm>

namespace present::partition {

using storage::record_key;
using storage::record_kind;

namespace {

/// Keys of a dropped space that one entry removes (P3: chunked).
constexpr std::size_t dropped_keys_per_entry = 1000;

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

/// What the state holds can't be read: going on would make this replica differ
/// from the others, so it stops and is rebuilt (rule 14).
template <class T>
T& sound(result<T>& found) {
  if (!found)
    throw invariant_violation("the state can't be read: " + found.problem().message);
  return *found;
}

} // namespace

partition_machine::partition_machine(const settings& options, storage::state& table,
                                     const raft::snapshot_mark& mark)
    : options_(options), table_(table), applied_(mark.index),
      applied_term_(mark.at_term), clock_(options.max_clock_offset_ms),
      sessions_(options.max_sessions) {
  restore();
}

void partition_machine::step(const event& input, effects& out) {
  std::visit(
    overloaded{
      [&](const arrived& e) { on_arrived(input, e, out); },
      [&](const role_known& e) { on_role(e, out); },
      [&](const quorum_known& e) { has_quorum_ = e.has_quorum; },
      [&](const proposal_placed& e) { on_placed(e); },
      [&](const proposal_refused& e) { on_refused(e, out); },
      [&](const proposal_replaced& e) { on_replaced(e.ticket, out); },
      [&](const proposal_lost& e) { on_lost(e.ticket, out); },
      [&](const read_confirmed& e) { on_read_confirmed(e, out); },
      [&](const read_refused& e) { on_read_refused(e.ticket, out); },
      [&](const committed& e) { on_committed(e, out); },
      [&](const time_passed&) { on_time_passed(input.now, out); },
    },
    input.what);
  propose_gathered(input.wall_ms, out);
  check_invariants();
}

std::optional<time_ms> partition_machine::next_wake() const {
  if (deadlines_.empty())
    return std::nullopt;
  return deadlines_.begin()->first;
}

// -- events ------------------------------------------------------------------------

void partition_machine::on_arrived(const event& input, const arrived& what,
                                   effects& out) {
  if (auto why = refusal_of(input, *what.what)) {
    refuse(what.tag, std::move(*why), out);
    return;
  }
  clock_.raise(what.what->seen);
  const auto patience = what.what->deadline_ms ? what.what->deadline_ms
                                               : bounds::default_deadline_ms;
  auto& waiting = waiting_[what.tag];
  waiting.deadline = input.now + patience;
  waiting.what = what.what;
  const auto& operations = what.what->operations;
  waiting.reply.answers.resize(operations.size());
  waiting.open = operations.size();
  deadlines_.emplace(waiting.deadline, what.tag);

  bool reads = false;
  for (std::uint32_t place = 0; place < operations.size(); ++place) {
    const auto& asked = operations[place];
    if (auto broken = limit_broken_by(asked))
      fill(what.tag, place, refused_answer(broken->code, broken->message), out);
    else if (asked.is_read())
      reads = true;
    else
      gathered_.push(asked, {what.tag, place});
  }
  if (reads) {
    const auto ticket = ++last_ticket_;
    reads_[ticket].tag = what.tag;
    out.push_back(confirm_read{ticket});
  }
}

void partition_machine::on_role(const role_known& what, effects& out) {
  leader_ = what.leader;
  if (what.leads) {
    if (phase_ == phase::following || what.at_term != term_)
      phase_ = phase::taking_over;
    term_ = what.at_term;
    return;
  }
  term_ = what.at_term;
  if (phase_ == phase::following)
    return;
  phase_ = phase::following;
  while (!gathered_.is_empty())
    fail(gathered_.take_batch().second, not_leading(), out);
}

void partition_machine::on_placed(const proposal_placed& what) {
  const auto found = proposals_.find(what.ticket);
  check(found != proposals_.end(), "I4: a proposal that was never made has a place");
  found->second.place = {what.index, what.at_term};
  placed_[what.index] = what.ticket;
}

void partition_machine::on_refused(const proposal_refused& what, effects& out) {
  const auto found = proposals_.find(what.ticket);
  check(found != proposals_.end(), "I4: a proposal that was never made is refused");
  const auto origins = std::move(found->second.origins);
  proposals_.erase(found);
  auto why = not_leading();
  if (what.why == refusal_reason::overloaded) {
    why = make_error(error_code::overloaded, "too much waits for the quorum");
    why.retry_after_ms = 20;
  } else if (what.why == refusal_reason::disk_full) {
    why = make_error(error_code::disk_full, "the leader's disk is full");
    why.retry_after_ms = 1000;
  }
  fail(origins, why, out);
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
    placed_.erase(gone.place->first);
  fail(gone.origins, why, out);
}

void partition_machine::on_read_confirmed(const read_confirmed& what, effects& out) {
  const auto found = reads_.find(what.ticket);
  if (found == reads_.end())
    return; // its request ran into its deadline
  found->second.at = what.index;
  serve_reads(out);
}

void partition_machine::on_read_refused(std::uint64_t ticket, effects& out) {
  const auto found = reads_.find(ticket);
  if (found == reads_.end())
    return;
  const auto tag = found->second.tag;
  reads_.erase(found);
  const auto waiting = waiting_.find(tag);
  if (waiting == waiting_.end())
    return;
  const auto why = not_leading();
  const auto what = waiting->second.what;
  for (std::uint32_t place = 0; place < what->operations.size(); ++place)
    if (what->operations[place].is_read() && !limit_broken_by(what->operations[place]))
      fill(tag, place, refused_answer(why.code, why.message), out);
}

void partition_machine::on_committed(const committed& what, effects& out) {
  check(what.index == next(applied_), "I1: an entry is applied out of order");
  std::vector<answer> answers;
  if (what.batch)
    apply_batch(*what.batch, answers);
  applied_ = what.index;
  applied_term_ = what.at_term;

  if (const auto placed = placed_.find(what.index); placed != placed_.end()) {
    const auto ticket = placed->second;
    placed_.erase(placed);
    const auto found = proposals_.find(ticket);
    const auto done = std::move(found->second);
    proposals_.erase(found);
    if (done.place->second == what.at_term)
      for (std::size_t place = 0; place < done.origins.size(); ++place)
        fill(done.origins[place].tag, done.origins[place].place,
             std::move(answers[place]), out);
    else
      fail(done.origins, not_leading(), out);
  }
  if (phase_ == phase::taking_over && !what.batch && what.at_term == term_)
    phase_ = phase::leading;
  serve_reads(out);
  if (!checkpoint_asked_ && table_.active_bytes() >= options_.checkpoint_bytes) {
    checkpoint_asked_ = true;
    out.push_back(checkpoint_due{});
  }
}

void partition_machine::on_time_passed(time_ms now, effects& out) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto tag = deadlines_.begin()->second;
    auto& late = waiting_.at(tag);
    const auto unproposed = gathered_.drop(tag);
    auto why = make_error(error_code::deadline, has_quorum_
                            ? "the partition did not answer in time"
                            : "the partition has no quorum");
    const bool writes_in_log
      = std::any_of(late.what->operations.begin(), late.what->operations.end(),
                    [](const operation& o) { return !o.is_read(); })
        && unproposed == 0;
    why.known = writes_in_log ? outcome::unknown : outcome::not_applied;
    deadlines_.erase(deadlines_.begin());
    waiting_.erase(tag);
    std::erase_if(reads_, [&](const auto& r) { return r.second.tag == tag; });
    refuse(tag, std::move(why), out);
  }
}

// -- admission ---------------------------------------------------------------------

/// Why the whole request is refused before anything of it is looked at. Hints
/// only: whatever is decided by the state is decided when applied (P1).
std::optional<error> partition_machine::refusal_of(const event& input,
                                                   const request& what) {
  if (phase_ == phase::following)
    return not_leading();
  if (!has_quorum_) {
    auto why = make_error(error_code::no_quorum,
                          "this node can't reach a majority of the partition's "
                          "replicas and has fenced itself");
    why.retry_after_ms = 100;
    return why;
  }
  if (what.operations.empty() || what.operations.size() > bounds::max_request_operations)
    return make_error(error_code::invalid,
                      "operations: " + std::to_string(what.operations.size())
                        + "; a request has 1 to "
                        + std::to_string(bounds::max_request_operations));
  if (what.seen.wall_ms() > input.wall_ms + options_.max_clock_offset_ms)
    return make_error(error_code::clock_skew,
                      "seen: the stamp is "
                        + std::to_string(what.seen.wall_ms() - input.wall_ms)
                        + " ms ahead of this node's clock; the bound is "
                        + std::to_string(options_.max_clock_offset_ms) + " ms");
  if (gathered_.is_full()) {
    auto why = make_error(error_code::overloaded, "the partition's queue is full");
    why.retry_after_ms = 20;
    return why;
  }
  return std::nullopt;
}

/// An idle partition proposes at once; a busy one lets the next batch gather.
void partition_machine::propose_gathered(std::uint64_t wall_ms, effects& out) {
  while (phase_ == phase::leading
         && proposals_.size() < options_.max_proposals_in_flight
         && (!gathered_.is_empty() || (proposals_.empty() && has_own_work()))) {
    auto batch = std::make_shared<entry_batch>();
    auto [operations, origins] = gathered_.take_batch();
    batch->operations = std::move(operations);
    batch->first_stamp = clock_.tick(wall_ms);
    clock_.raise(batch->last_stamp());
    const auto ticket = ++last_ticket_;
    proposals_[ticket].origins = std::move(origins);
    out.push_back(propose{ticket, std::move(batch)});
  }
}

/// An entry without operations drives on what is collected in chunks.
bool partition_machine::has_own_work() const {
  return !dropped_.empty();
}

// -- applying ----------------------------------------------------------------------

void partition_machine::apply_batch(const entry_batch& batch,
                                    std::vector<answer>& answers) {
  check(batch.machine_version == entry_batch::current_machine_version,
        "I2: an entry of a state machine version that this program doesn't have");
  check(batch.first_stamp > latest_, "I3: a stamp in the log does not rise");
  answers.reserve(batch.operations.size());
  for (std::size_t place = 0; place < batch.operations.size(); ++place)
    answers.push_back(apply_write(batch.operations[place], batch.stamp_of(place)));
  latest_ = batch.last_stamp();
  clock_.raise(latest_);
  sessions_.collect(latest_);
  collect_dropped_spaces();
}

answer partition_machine::apply_write(const operation& asked, hlc_stamp stamp) {
  const auto seen = sessions_.admit(asked, stamp);
  answer given;
  switch (seen.is) {
    case session_table::standing::repeated:
      given.code = seen.previous.code;
      given.version = seen.previous.version;
      given.known = given.code == error_code::ok ? outcome::applied
                                                 : traits_of(given.code).known_outcome;
      given.repeated = true;
      break;
    case session_table::standing::expired:
      given = refused_answer(error_code::session_expired,
                             "the operation's time to retry is over, and so is "
                             "what was remembered of it");
      break;
    case session_table::standing::full:
      given = refused_answer(error_code::overloaded,
                             "the partition has no room for a new session");
      break;
    case session_table::standing::fresh:
      if (auto broken = limit_broken_by(asked))
        given = refused_answer(broken->code, broken->message);
      else
        given = std::visit(
          overloaded{
            [](const get&) { return refused_answer(error_code::invalid, "a read in the log"); },
            [](const scan&) { return refused_answer(error_code::invalid, "a read in the log"); },
            [&](const auto& what) { return apply_what(what, stamp); },
          },
          asked.what);
      sessions_.remember(asked, given.code, given.version);
      break;
  }
  given.id = asked.id;
  return given;
}

answer partition_machine::apply_what(const put& asked, hlc_stamp stamp) {
  if (!has_space(asked.space))
    return unknown_space_answer(asked.space);
  auto key = record_key::value(asked.space, asked.key);
  if (!std::holds_alternative<always>(asked.when)) {
    auto found = table_.get_as<storage::value_record>(key);
    if (auto refused = refusal_by(asked.when, sound(found)))
      return *refused;
  }
  table_.put(std::move(key), storage::value_record{stamp, false, asked.value});
  return applied_answer(stamp);
}

answer partition_machine::apply_what(const remove_key& asked, hlc_stamp stamp) {
  if (!has_space(asked.space))
    return unknown_space_answer(asked.space);
  auto key = record_key::value(asked.space, asked.key);
  auto found = table_.get_as<storage::value_record>(key);
  const auto& there = sound(found);
  if (auto refused = refusal_by(asked.when, there))
    return *refused;
  if (!there || there->tombstone)
    return not_found_answer(asked.key);
  table_.put(std::move(key), storage::value_record{stamp, true, nullptr});
  return applied_answer(stamp);
}

answer partition_machine::apply_what(const create_space& asked, hlc_stamp stamp) {
  if (const auto there = spaces_.find(asked.name); there != spaces_.end()) {
    auto refused = refused_answer(error_code::version_conflict,
                                  "there is a space '" + asked.name + "' already");
    refused.version = space_records_.at(there->second).version;
    return refused;
  }
  storage::space_record made;
  made.id = next_space_;
  made.name = asked.name;
  made.version = stamp;
  next_space_ = next(next_space_);
  epoch_ = next(epoch_);
  spaces_[made.name] = made.id;
  space_records_[made.id] = made;
  table_.put(record_key::space(made.id), made);
  return applied_answer(stamp);
}

answer partition_machine::apply_what(const drop_space& asked, hlc_stamp stamp) {
  const auto there = spaces_.find(asked.name);
  if (there == spaces_.end())
    return refused_answer(error_code::unknown_space,
                          "there is no space '" + asked.name + "'");
  const auto id = there->second;
  auto gone = space_records_.at(id);
  gone.dropped = true;
  gone.version = stamp;
  epoch_ = next(epoch_);
  spaces_.erase(there);
  space_records_.erase(id);
  dropped_.insert(id);
  table_.put(record_key::space(id), gone);
  return applied_answer(stamp);
}

/// Some keys of the first dropped space go with each entry, so that no entry
/// pays for a whole space.
void partition_machine::collect_dropped_spaces() {
  if (dropped_.empty())
    return;
  const auto space = *dropped_.begin();
  auto rows = table_.scan(record_key::value(space, ""), record_key::end_of(space),
                          dropped_keys_per_entry);
  for (auto& row : sound(rows))
    table_.erase(std::move(row.key));
  if (rows->size() < dropped_keys_per_entry) {
    auto found = table_.get_as<storage::space_record>(record_key::space(space));
    auto done = sound(found).value();
    done.collected = true;
    table_.put(record_key::space(space), std::move(done));
    dropped_.erase(space);
  }
}

// -- reading -----------------------------------------------------------------------

void partition_machine::serve_reads(effects& out) {
  for (auto it = reads_.begin(); it != reads_.end();) {
    if (!it->second.at || *it->second.at > applied_) {
      ++it;
      continue;
    }
    const auto tag = it->second.tag;
    it = reads_.erase(it);
    serve_read(tag, out);
  }
}

void partition_machine::serve_read(request_tag tag, effects& out) {
  const auto what = waiting_.at(tag).what;
  std::size_t bytes = 0;
  for (std::uint32_t place = 0; place < what->operations.size(); ++place) {
    const auto& asked = what->operations[place];
    if (!asked.is_read() || limit_broken_by(asked))
      continue;
    auto given = std::holds_alternative<get>(asked.what)
                   ? read(std::get<get>(asked.what))
                   : read(std::get<scan>(asked.what));
    bytes += given.value ? given.value->size() : 0;
    for (const auto& row : given.rows)
      bytes += row.key.size() + (row.value ? row.value->size() : 0);
    if (bytes > bounds::max_request && place > 0)
      given = refused_answer(error_code::too_large,
                             "the answers of this request are over "
                               + std::to_string(bounds::max_request)
                               + " bytes: ask for fewer keys at once");
    given.id = asked.id;
    fill(tag, place, std::move(given), out);
  }
}

answer partition_machine::read(const get& asked) const {
  if (!has_space(asked.space))
    return unknown_space_answer(asked.space);
  auto found = table_.get_as<storage::value_record>(
    record_key::value(asked.space, asked.key));
  if (!found)
    return refused_answer(found.problem().code, found.problem().message);
  if (!*found || (*found)->tombstone)
    return not_found_answer(asked.key);
  auto given = applied_answer((*found)->version);
  given.value = (*found)->bytes ? (*found)->bytes : std::make_shared<const std::string>();
  return given;
}

answer partition_machine::read(const scan& asked) const {
  if (!has_space(asked.space))
    return unknown_space_answer(asked.space);
  const auto limit = asked.limit ? asked.limit : bounds::max_scan_page;
  const auto first = record_key::value(asked.space, asked.first);
  const auto last = asked.last.empty() ? record_key::end_of(asked.space)
                                       : record_key::value(asked.space, asked.last);
  answer given;
  std::size_t bytes = 0;
  const auto visited = table_.visit(first, last, [&](storage::row&& row) {
    const auto& value = std::get<storage::value_record>(row.what);
    if (value.tombstone)
      return true;
    // A page ends at its limit or at the size of a request, and says so.
    if (given.rows.size() >= limit || bytes > bounds::max_request / 2) {
      given.more = true;
      return false;
    }
    bytes += row.key.user_key().size() + value.view().size();
    given.rows.push_back({std::string{row.key.user_key()}, value.version,
                          asked.keys_only ? nullptr : value.bytes});
    return true;
  });
  if (!visited)
    return refused_answer(visited.problem().code, visited.problem().message);
  return given;
}

// -- answering ---------------------------------------------------------------------

void partition_machine::fill(request_tag tag, std::uint32_t place, answer given,
                             effects& out) {
  const auto found = waiting_.find(tag);
  if (found == waiting_.end())
    return; // answered at its deadline
  auto& waiting = found->second;
  given.id = waiting.what->operations[place].id;
  waiting.reply.answers[place] = std::move(given);
  if (--waiting.open > 0)
    return;
  forget_deadline(tag, waiting.deadline);
  auto reply = std::make_shared<response>(std::move(waiting.reply));
  waiting_.erase(found);
  reply->stamp = clock_.latest();
  reply->epoch = epoch_;
  reply->leader = leader_;
  out.push_back(respond{tag, std::move(reply)});
}

void partition_machine::fail(const std::vector<write_origin>& origins,
                             const error& why, effects& out) {
  for (const auto& origin : origins) {
    auto given = refused_answer(why.code, why.message);
    given.known = why.known;
    fill(origin.tag, origin.place, std::move(given), out);
  }
}

void partition_machine::refuse(request_tag tag, error why, effects& out) const {
  auto reply = std::make_shared<response>();
  why.leader_hint = leader_.value;
  reply->failure = std::move(why);
  reply->stamp = clock_.latest();
  reply->epoch = epoch_;
  reply->leader = leader_;
  out.push_back(respond{tag, std::move(reply)});
}

void partition_machine::forget_deadline(request_tag tag, time_ms deadline) {
  const auto [first, last] = deadlines_.equal_range(deadline);
  for (auto it = first; it != last; ++it)
    if (it->second == tag) {
      deadlines_.erase(it);
      return;
    }
}

error partition_machine::not_leading() const {
  auto why = make_error(error_code::not_leader,
                        leader_.value == 0
                          ? "no leader is known: an election is under way"
                          : "node " + std::to_string(leader_.value) + " leads");
  why.leader_hint = leader_.value;
  return why;
}

// -- checkpoints -------------------------------------------------------------------

void partition_machine::write_back() {
  for (const auto& [client, session] : sessions_.take_changed()) {
    const auto key = record_key::session(client);
    if (!session) {
      table_.erase(key);
      continue;
    }
    storage::session_record record;
    record.client = client;
    record.acked_below = session->acked_below;
    record.live_until = session->live_until;
    for (const auto& [number, known] : session->answers)
      record.answers.push_back({number, known.retry_until, known.code, known.version, 0});
    table_.put(key, std::move(record));
  }
  storage::partition_record own;
  own.latest = latest_;
  own.epoch = epoch_;
  own.machine_version = entry_batch::current_machine_version;
  own.sessions = sessions_.size();
  table_.put(record_key::partition(), own);
  checkpoint_asked_ = false;
}

void partition_machine::restore() {
  auto own = table_.get_as<storage::partition_record>(record_key::partition());
  if (const auto& found = sound(own)) {
    latest_ = found->latest;
    epoch_ = found->epoch;
    clock_.raise(latest_);
  }
  const auto visit = [&](record_kind kind, const auto& take) {
    const auto visited
      = table_.visit(record_key::start_of(kind), record_key::end_of(kind), take);
    check(bool{visited}, "the state can't be read on opening");
  };
  visit(record_kind::space, [&](storage::row&& row) {
    auto& space = std::get<storage::space_record>(row.what);
    next_space_ = std::max(next_space_, next(space.id));
    if (space.dropped) {
      if (!space.collected)
        dropped_.insert(space.id);
    } else {
      spaces_[space.name] = space.id;
      space_records_[space.id] = std::move(space);
    }
    return true;
  });
  visit(record_kind::session, [&](storage::row&& row) {
    const auto& record = std::get<storage::session_record>(row.what);
    client_session session;
    session.acked_below = record.acked_below;
    session.live_until = record.live_until;
    for (const auto& a : record.answers)
      session.answers[a.number] = {a.retry_until, a.version, a.code};
    sessions_.restore(record.client, std::move(session));
    return true;
  });
}

void partition_machine::check_invariants() const {
  check(waiting_.size() == deadlines_.size(), "I4: a request without a deadline");
  check(placed_.size() <= proposals_.size(), "I4: a place without a proposal");
}

} // namespace present::partition
