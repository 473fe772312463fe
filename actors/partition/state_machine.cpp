#include "actors/partition/state_machine.hpp"

#include "actors/partition/answers.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/sound_state.hpp"
#include "actors/partition/transaction_draft.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace present::partition {

using storage::record_key;
using storage::record_kind;

namespace {

/// Of a space that goes one entry removes as many keys as make up one of these:
/// reading them costs as much as their values are long.
constexpr std::size_t keys_per_entry = 1000;
constexpr std::size_t bytes_per_entry = bounds::max_entry;

/// What so few operations look for is as soon there.
constexpr std::size_t worth_fetching_for = 8;

/// Of `session_answer::flags`.
constexpr std::uint32_t took_other_branch = 1;
/// A conflict that was met, as its two numbers of three bits each.
constexpr unsigned conflict_shift = 1;
constexpr unsigned outcome_shift = 4;
constexpr std::uint32_t three_bits = 7;
static_assert(conflict::conflict_kinds < three_bits && conflict::outcome_kinds <= three_bits + 1);

std::uint32_t flags_of(const remembered_answer& known) {
  const auto met = conflict::numbered(known.conflict);
  return (known.otherwise ? took_other_branch : 0u)
         | static_cast<std::uint32_t>(met.kind) << conflict_shift
         | static_cast<std::uint32_t>(met.then) << outcome_shift;
}

std::optional<conflict::note> note_in(std::uint32_t flags) {
  const auto number_at = [&](unsigned shift) {
    return static_cast<std::uint8_t>(flags >> shift & three_bits);
  };
  return conflict::note_numbered({number_at(conflict_shift), number_at(outcome_shift)});
}

/// What a retry hears: the first try's answer. Its sentence isn't kept, but follows
/// from what is.
answer answer_again(const operation& asked, const remembered_answer& known) {
  auto given = known.code == error_code::ok
                 ? applied_answer(known.version)
                 : refused_answer(known.code, sentence_again(asked, known.code, known.version));
  given.version = known.version;
  given.otherwise = known.otherwise;
  given.steps = known.steps;
  given.conflict = known.conflict;
  given.repeated = true;
  return given;
}

answer not_founded_answer() {
  return refused_answer(error_code::no_quorum, "the cluster is not founded yet");
}

answer unreadable_answer(const error& why) {
  return refused_answer(why.code, why.code == error_code::damaged
                                    ? why.message + "; repair is under way"
                                    : why.message);
}

/// Of what the entry's writes are about to look for; what breaks a limit is refused, and
/// has no key.
std::vector<record_key> keys_written_by(const entry_batch& batch) {
  std::vector<record_key> keys;
  keys.reserve(batch.operations.size());
  const auto note = [&](space_id space, const std::string& key) {
    if (key.size() <= bounds::max_key)
      keys.push_back(record_key::value(space, key));
  };
  const auto note_all = [&](const transact& what) {
    visit_places(what, note, [](space_id, const std::string&, const std::string&) {});
  };
  for (const auto& asked : batch.operations)
    std::visit(overloaded{
                 [&](const put& what) { note(what.space, what.key); },
                 [&](const remove_key& what) { note(what.space, what.key); },
                 [&](const transact& what) { note_all(what); },
                 [&](const decide& what) { note_all(what.part); },
                 [](const auto&) {},
               },
               asked.what);
  return keys;
}

answer other_work_answer() {
  auto given = refused_answer(error_code::invalid,
                              "the idempotency key was used for another request: a retry "
                              "repeats all of it, and other work takes another key");
  given.repeated = true;
  return given;
}

answer too_far_answer() {
  return refused_answer(error_code::clock_skew,
                        "retry_until: more than "
                          + std::to_string(max_retry_window_ms / 1000)
                          + " s ahead of the partition's clock");
}

} // namespace

state_machine::state_machine(partition_id id, const session_limits& limits,
                             storage::state& table)
    : id_(id), table_(table), history_(std::make_unique<value_history>(table)),
      sessions_(limits), participant_(table, spaces_), locks_(table) {
  if (id_ == root_partition)
    catalog_.emplace(table_);
  restore();
}

map_epoch state_machine::epoch() const {
  return catalog_ ? catalog_->map()->epoch : share_epoch_;
}

// -- applying ----------------------------------------------------------------------

std::vector<answer> state_machine::apply(const entry_batch& batch) {
  check(batch.machine_version >= 1
          && batch.machine_version <= entry_batch::current_machine_version,
        "A1: an entry of a state machine version that this program doesn't have");
  check(batch.first_stamp > latest_, "A2: a stamp in the log does not rise");
  check(batch.operations.empty() || !std::holds_alternative<expire_claims>(batch.command),
        "L1: an expiry and operations share a stamp");
  entry_version_ = batch.machine_version;
  apply_command(batch.command, batch.first_stamp);
  if (batch.operations.size() >= worth_fetching_for)
    table_.fetch(keys_written_by(batch));
  std::vector<answer> answers;
  answers.reserve(batch.operations.size());
  for (std::size_t place = 0; place < batch.operations.size(); ++place)
    answers.push_back(apply_write(batch.operations[place], batch.stamp_of(place)));
  latest_ = batch.last_stamp();
  machine_version_ = std::max(machine_version_, batch.machine_version);
  sessions_.collect(latest_);
  participant_.collect(latest_);
  history_->collect(latest_);
  collect_leaving_space();
  return answers;
}

void state_machine::apply_command(const own_command& what, hlc_stamp stamp) {
  if (const auto* birth = std::get_if<found_catalog>(&what)) {
    check(catalog_.has_value(), "A1: only the root founds a cluster");
    catalog_->found(*birth->map, stamp);
  } else if (const auto* share = std::get_if<adopt_share>(&what)) {
    check(!catalog_.has_value(), "A5: the root owns no keys");
    adopt(*share);
  } else if (const auto* gone = std::get_if<expire_claims>(&what)) {
    locks_.apply(*gone, stamp);
  }
}

void state_machine::adopt(const adopt_share& what) {
  if (what.epoch <= share_epoch_)
    return;
  for (const auto& range : owned_)
    leaving_.insert(range.space);
  for (const auto& range : what.owned)
    leaving_.erase(range.space);
  owned_ = what.owned;
  spaces_ = what.spaces;
  keep_versions();
  share_epoch_ = what.epoch;
}

/// The range that (space, key) is in; null if it is another partition's.
const storage::key_range* state_machine::range_of(space_id space,
                                                  std::string_view key) const {
  const auto after = std::upper_bound(
    owned_.begin(), owned_.end(), std::pair{space, key},
    [](const auto& wanted, const storage::key_range& range) {
      return wanted < std::pair{range.space, std::string_view{range.first}};
    });
  if (after == owned_.begin())
    return nullptr;
  const auto& found = *std::prev(after);
  return found.space == space && found.contains(key) ? &found : nullptr;
}

bool state_machine::has_part_of(space_id space) const {
  const auto after = std::upper_bound(
    owned_.begin(), owned_.end(), space,
    [](space_id wanted, const storage::key_range& range) { return wanted < range.space; });
  return after != owned_.begin() && std::prev(after)->space == space;
}

/// A scan stays within one range: a client with an older map could else take what
/// another partition has for absent.
bool state_machine::owns_all(space_id space, const std::string& first,
                             const std::string& last) const {
  const auto* range = range_of(space, first);
  return range && (range->last.empty() || (!last.empty() && last <= range->last));
}

bool state_machine::owns_all(const transact& asked) const {
  bool all = true;
  visit_places(
    asked,
    [&](space_id space, const std::string& key) { all = all && range_of(space, key); },
    [&](space_id space, const std::string& first, const std::string& last) {
      all = all && owns_all(space, first, last);
    });
  return all;
}

bool state_machine::is_mine(const operation& asked) const {
  return std::visit(
    overloaded{
      [&](const put& what) { return range_of(what.space, what.key) != nullptr; },
      [&](const remove_key& what) { return range_of(what.space, what.key) != nullptr; },
      [&](const transact& what) { return !catalog_ && owns_all(what); },
      [&](const prepare& what) { return !catalog_ && owns_all(what.part); },
      [&](const decide& what) {
        return range_of(what.terms.home.space, what.terms.home.key) && owns_all(what.part);
      },
      [&](const push& what) { return range_of(what.home.space, what.home.key) != nullptr; },
      [&](const acquire_lock& what) { return range_of(what.space, what.key) != nullptr; },
      [&](const release_lock& what) { return range_of(what.space, what.key) != nullptr; },
      [&](const raise_fence& what) { return range_of(what.space, what.key) != nullptr; },
      [&](const end_session& what) { return range_of(what.space, what.key) != nullptr; },
      [&](const resolve&) { return !catalog_; },
      [&](const forget&) { return !catalog_; },
      [&](const aftermath&) { return !catalog_; },
      [&](const settle_escalation& what) { return range_of(what.space, what.key) != nullptr; },
      [&](const auto&) { return catalog_.has_value(); },
    },
    asked.what);
}

std::optional<answer> state_machine::refusal_unremembered(const operation& asked) const {
  if (catalog_ && !catalog_->is_founded())
    return not_founded_answer();
  if (!is_mine(asked) && !mutated(mutant::own_everything))
    return not_mine_answer();
  return std::nullopt;
}

answer state_machine::apply_write(const operation& asked, hlc_stamp stamp) {
  using standing = session_table::standing;
  if (auto refused = refusal_unremembered(asked)) {
    refused->id = asked.id;
    return *refused;
  }
  if (auto given = apply_between(asked, stamp)) {
    given->id = asked.id;
    return *given;
  }
  const auto seen = sessions_.admit(asked, stamp);
  if (mutated(mutant::skip_session_table)
      || (mutated(mutant::apply_expired) && seen.is == standing::expired))
    return apply_fresh(asked, stamp);
  answer given;
  switch (seen.is) {
    case standing::fresh:
      if (auto delayed = delay_of(asked, stamp)) {
        given = std::move(*delayed); // not remembered: it may come again
        break;
      }
      if (auto refused = refusal_by_fence(asked, stamp)) {
        given = std::move(*refused);
      } else if (auto delayed = delay_by_fence(asked)) {
        given = std::move(*delayed);
        break;
      } else {
        given = apply_fresh(asked, stamp);
      }
      if (given.code != error_code::overloaded) // that too may come again
        sessions_.remember(asked, {{}, {}, given.version, given.code, given.otherwise,
                                   given.steps, given.conflict});
      break;
    case standing::repeated:
      given = answer_again(asked, seen.previous);
      break;
    case standing::expired:
      given = refused_answer(error_code::session_expired,
                             "the operation's time to retry is over, and so is "
                             "what was remembered of it");
      break;
    case standing::full:
      given = refused_answer(error_code::overloaded,
                             "the partition has no room to remember one more answer");
      break;
    case standing::too_far:
      given = too_far_answer();
      break;
    case standing::other:
      given = other_work_answer();
      break;
  }
  given.id = asked.id;
  return given;
}

std::optional<answer> state_machine::answer_before(const operation& asked) const {
  const auto* session = sessions_.find(asked.id.client);
  if (session && session->fingerprint != asked.fingerprint)
    return other_work_answer();
  if (const auto* known = sessions_.find_answer(asked.id))
    return answer_again(asked, *known);
  return participant_.answer_of_end(asked.id);
}

/// Steps between partitions have no session: done twice is the same as once.
std::optional<answer> state_machine::apply_between(const operation& asked, hlc_stamp stamp) {
  if (const auto* what = std::get_if<prepare>(&asked.what)) {
    if (auto broken = limit_broken_by(asked))
      return refused_answer(broken->code, std::move(broken->message));
    if (auto refused = refusal_without_findings(what->part, spaces_))
      return refused;
    return apply_prepare(asked, *what, stamp);
  }
  const auto owns = [&](space_id space, const std::string& key) {
    return range_of(space, key) != nullptr;
  };
  if (const auto* what = std::get_if<resolve>(&asked.what))
    return participant_.apply(*what, stamp, owns);
  if (const auto* what = std::get_if<aftermath>(&asked.what))
    return participant_.apply(*what, stamp, owns);
  if (const auto* what = std::get_if<push>(&asked.what))
    return apply_push(*what, stamp);
  if (const auto* what = std::get_if<forget>(&asked.what))
    return participant_.apply(*what, stamp);
  return std::nullopt;
}

/// What has prepared, or ended, has passed the fence, and is told what it was told then. A
/// program before this one judges no fence here, and what it has logged means that.
answer state_machine::apply_prepare(const operation& asked, const prepare& what,
                                    hlc_stamp stamp) {
  const auto& id = what.terms.id;
  const bool is_judged = asked.fence && entry_version_ > entry_batch::version_before_wide_fences
                         && !mutated(mutant::prepare_unfenced);
  if (!is_judged || participant_.ended(id) || participant_.locks().find(id))
    return participant_.apply(what, stamp);
  if (auto refused = refusal_by_fence(asked, stamp))
    return *refused;
  if (auto delayed = delay_by_fence(asked))
    return *delayed;
  return participant_.apply(what, stamp, asked.fence.get());
}

/// Home may have forgotten a decision that all others have, while its client still asks:
/// then the answer that is remembered is the decision (P6).
answer state_machine::apply_push(const push& asked, hlc_stamp stamp) {
  const auto* known = sessions_.find_answer(asked.transaction);
  const auto* ended = participant_.ended(asked.transaction);
  if (!known || (ended && !ended->committed))
    return participant_.apply(asked, stamp);
  auto given = applied_answer(known->version);
  given.otherwise = known->code != error_code::ok;
  given.took_otherwise = !given.otherwise && known->otherwise;
  given.steps = known->steps;
  return given;
}

/// Costs nothing while nothing is locked.
std::optional<answer> state_machine::delay_of(const operation& asked, hlc_stamp stamp) const {
  if (const auto* what = std::get_if<decide>(&asked.what))
    return participant_.delay_of(*what, stamp);
  if (const auto* what = std::get_if<acquire_lock>(&asked.what))
    return delay_of(*what, asked.id.client, stamp);
  const auto& locks = participant_.locks();
  if (locks.is_empty() || mutated(mutant::ignore_locks))
    return std::nullopt;
  const auto* holder = std::visit(
    overloaded{
      [&](const put& what) { return locks.user_of(what.space, what.key); },
      [&](const remove_key& what) { return locks.user_of(what.space, what.key); },
      [&](const settle_escalation& what) { return locks.user_of(what.space, what.key); },
      [&](const transact& what) { return locks.in_the_way_of(what); },
      [](const auto&) { return lock_table::holder{}; },
    },
    asked.what);
  return holder ? std::optional{locked_answer(holder)} : std::nullopt;
}

/// A7: it would have the lock at once, or has it already.
std::optional<answer> state_machine::delay_of(const acquire_lock& asked, client_id by,
                                              hlc_stamp stamp) const {
  const storage::key_name name{asked.space, asked.key};
  const auto* lock = locks_.find(name);
  if (!lock || lock->claims.front().claim == asked.claim)
    if (const auto* holder = participant_.locks().relying_on(name, lock ? lock->token : stamp))
      return locked_answer(holder);
  return locks_.delay_of(asked, by);
}

answer state_machine::apply_fresh(const operation& asked, hlc_stamp stamp) {
  if (auto broken = limit_broken_by(asked))
    return refused_answer(broken->code, std::move(broken->message));
  if (const auto* what = std::get_if<acquire_lock>(&asked.what))
    return apply_claim(*what, asked.id.client, stamp);
  if (std::holds_alternative<end_session>(asked.what)) {
    locks_.end_session(asked.id.client, stamp);
    return applied_answer(stamp);
  }
  return std::visit(
    [&](const auto& what) {
      if constexpr (requires { this->apply_what(what, stamp); })
        return apply_what(what, stamp);
      else if constexpr (requires { catalog_->apply(what, stamp); })
        return catalog_->apply(what, stamp);
      else
        return refused_answer(error_code::invalid, "a read in the log");
    },
    asked.what);
}

/// What comes late must not take the lock for somebody who has gone (L6).
answer state_machine::apply_claim(const acquire_lock& asked, client_id by, hlc_stamp stamp) {
  const auto* session = sessions_.find(by);
  if (asked.of_session && session && session->ended && !mutated(mutant::forget_ended_sessions))
    return refused_answer(error_code::session_expired, "the session has ended");
  return locks_.apply(asked, by, stamp);
}

answer state_machine::apply_what(const put& asked, hlc_stamp stamp) {
  if (is_contested(settings_of(asked.space), asked.knows))
    return contest(asked.space, asked.when,
                   {asked.key, false, asked.value, asked.knows, stamp});
  auto key = record_key::value(asked.space, asked.key);
  if (!std::holds_alternative<always>(asked.when)) {
    auto found = table_.get_as<storage::value_record>(key);
    if (auto refused = refusal_by(asked.when, sound(found)))
      return *refused;
  }
  table_.put(std::move(key), storage::value_record{stamp, false, asked.value});
  return applied_answer(stamp);
}

answer state_machine::apply_what(const remove_key& asked, hlc_stamp stamp) {
  if (is_contested(settings_of(asked.space), asked.knows))
    return contest(asked.space, asked.when, {asked.key, true, nullptr, asked.knows, stamp});
  auto key = record_key::value(asked.space, asked.key);
  auto found = table_.get_as<storage::value_record>(key);
  const auto& there = sound(found);
  if (auto refused = refusal_by(asked.when, there))
    return *refused;
  if (!is_there(there))
    return not_found_answer(asked.key);
  table_.put(std::move(key), storage::value_record{stamp, true, nullptr});
  return applied_answer(stamp);
}

answer state_machine::apply_what(const decide& asked, hlc_stamp stamp) {
  if (auto refused = refusal_without_findings(asked.part, spaces_))
    return *refused;
  return participant_.apply(asked, stamp);
}

/// Whoever came this far has passed the fence.
answer state_machine::apply_what(const raise_fence&, hlc_stamp stamp) {
  return applied_answer(stamp);
}

std::optional<answer> state_machine::refusal_by_fence(const operation& asked, hlc_stamp stamp) {
  if (!asked.fence || limit_broken_by(asked))
    return std::nullopt; // what breaks a limit is refused for that
  const auto* decided = std::get_if<decide>(&asked.what);
  if (decided && participant_.ended(decided->terms.id))
    return std::nullopt; // B1
  const auto& fence = *asked.fence;
  auto refused = locks_.pass(fence, range_of(fence.space, fence.key) != nullptr, stamp);
  if (refused && decided)
    participant_.refuse(*decided, stamp);
  return refused;
}

/// Its token is known from now on, so nothing prepares under an earlier one any more; but
/// what has is waited for (A7).
std::optional<answer> state_machine::delay_by_fence(const operation& asked) const {
  if (!asked.fence)
    return std::nullopt;
  const auto& fence = *asked.fence;
  const auto* holder = participant_.locks().relying_on({fence.space, fence.key}, fence.token);
  return holder ? std::optional{locked_answer(holder)} : std::nullopt;
}

answer state_machine::apply_what(const transact& asked, hlc_stamp stamp) {
  if (auto refused = refusal_without_findings(asked, spaces_))
    return *refused;
  transaction_draft draft{table_, spaces_, stamp};
  auto given = draft.work_out(asked, bounds::max_transaction_results);
  if (given.code == error_code::ok || mutated(mutant::tear_transactions))
    draft.install(table_);
  return given;
}

void state_machine::collect_leaving_space() {
  if (leaving_.empty())
    return;
  const auto space = *leaving_.begin();
  std::vector<record_key> gone;
  std::size_t bytes = 0;
  bool more = false;
  const auto take = [&](storage::row&& row) {
    more = gone.size() >= keys_per_entry || bytes >= bytes_per_entry;
    if (more)
      return false;
    const auto* value = std::get_if<storage::value_record>(&row.what);
    if (const auto* past = std::get_if<storage::past_value_record>(&row.what))
      value = &past->was;
    bytes += value ? value->view().size() : max_escalated_bytes;
    gone.push_back(std::move(row.key));
    return true;
  };
  const auto visit = [&](const record_key& first, const record_key& last) {
    if (more)
      return;
    auto visited = table_.visit(first, last, take);
    sound(visited);
  };
  visit(record_key::value(space, ""), record_key::end_of(space));
  visit(record_key::start_of_past(space), record_key::end_of_past(space));
  visit(record_key::escalation(space, ""), record_key::end_of_escalations(space));
  for (auto& key : gone)
    table_.erase(std::move(key));
  if (!more && !locks_.drop_space(space, keys_per_entry))
    leaving_.erase(space);
}

std::vector<lock_book::change> state_machine::take_lock_changes() {
  auto changes = locks_.take_changes();
  for (auto& lock : participant_.take_fences_left())
    changes.push_back({std::move(lock), {}});
  return changes;
}

// -- reading -----------------------------------------------------------------------

answer state_machine::read(const get& asked) const {
  if (!range_of(asked.space, asked.key))
    return not_mine_answer();
  if (asked.at.value != 0)
    return read_past(asked);
  const auto& locks = participant_.locks();
  if (const auto* holder = locks.writer_of(asked.space, asked.key);
      holder && !asked.stale && !mutated(mutant::ignore_locks))
    return locked_answer(holder);
  auto found = table_.get_as<storage::value_record>(
    record_key::value(asked.space, asked.key));
  if (!found)
    return unreadable_answer(found.problem());
  if (!is_there(*found))
    return not_found_answer(asked.key);
  static const auto empty = std::make_shared<const std::string>();
  auto given = applied_answer((*found)->version);
  given.value = (*found)->bytes ? (*found)->bytes : empty;
  return given;
}

answer state_machine::read(const scan& asked) const {
  if (!owns_all(asked.space, asked.first, asked.last))
    return not_mine_answer();
  if (asked.at.value != 0)
    return read_past(asked);
  const auto& locks = participant_.locks();
  if (const auto* holder = locks.writer_in(asked.space, asked.first, asked.last);
      holder && !asked.stale && !mutated(mutant::ignore_locks))
    return locked_answer(holder);
  if (asked.escalated)
    return read_escalated(asked);
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
    bytes += row.key.user_key().size() + (asked.keys_only ? 0 : value.view().size());
    given.rows.push_back({std::string{row.key.user_key()}, value.version,
                          asked.keys_only ? nullptr : value.bytes});
    return true;
  });
  if (!visited)
    return unreadable_answer(visited.problem());
  return given;
}

answer state_machine::read(const keep_lock& asked) const {
  if (!range_of(asked.space, asked.key))
    return not_mine_answer();
  auto given = locks_.read(asked);
  if (given.code == error_code::ok
      && participant_.locks().relying_on({asked.space, asked.key}, given.version))
    return lock_book::waiting_answer(); // A7
  return given;
}

answer state_machine::read(const read_lock& asked) const {
  return range_of(asked.space, asked.key) ? locks_.read(asked) : not_mine_answer();
}

answer state_machine::read(const transact& asked) const {
  if (catalog_ || !owns_all(asked))
    return not_mine_answer();
  if (const auto* holder = participant_.locks().in_the_way_of(asked);
      holder && !mutated(mutant::ignore_locks))
    return locked_answer(holder);
  try {
    return transaction_draft{table_, spaces_, latest_}.work_out(asked, bounds::max_request);
  } catch (const state_damaged& damage) {
    return unreadable_answer(make_error(error_code::damaged, damage.what()));
  }
}

// -- checkpoints -------------------------------------------------------------------

void state_machine::write_back() {
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
    record.fingerprint = session->fingerprint;
    record.ended = session->ended;
    record.answers.reserve(session->answers.size());
    for (const auto& known : session->answers)
      record.answers.push_back(
        {known.number, known.retry_until, known.code, known.version, flags_of(known),
         known.steps});
    table_.put(key, std::move(record));
  }
  participant_.write_back();
  storage::partition_record own;
  own.latest = latest_;
  own.epoch = share_epoch_;
  own.owned = owned_;
  own.leaving.assign(leaving_.begin(), leaving_.end());
  own.spaces = spaces_;
  own.machine_version = machine_version_;
  own.sessions = sessions_.size();
  own.collected = history_->collected();
  table_.put(record_key::partition(), own);
}

void state_machine::restore() {
  auto own = table_.get_as<storage::partition_record>(record_key::partition());
  if (auto& found = sound(own)) {
    latest_ = found->latest;
    share_epoch_ = found->epoch;
    check(found->machine_version <= entry_batch::current_machine_version,
          "A1: a state of a state machine version that this program doesn't have");
    machine_version_ = std::max(machine_version_,
                                static_cast<std::uint16_t>(found->machine_version));
    owned_ = std::move(found->owned);
    history_->restore(found->collected);
    spaces_ = std::move(found->spaces);
    keep_versions();
    if (!mutated(mutant::forget_collection))
      leaving_.insert(found->leaving.begin(), found->leaving.end());
  }
  auto visited = table_.visit(
    record_key::start_of(record_kind::session), record_key::end_of(record_kind::session),
    [&](storage::row&& row) {
      if (!mutated(mutant::forget_sessions))
        restore_session(std::get<storage::session_record>(row.what));
      return true;
    });
  sound(visited);
}

void state_machine::restore_session(const storage::session_record& record) {
  client_session session;
  session.acked_below = record.acked_below;
  session.live_until = record.live_until;
  session.fingerprint = record.fingerprint;
  session.ended = record.ended;
  for (const auto& a : record.answers)
    session.answers.push_back({a.number, a.retry_until, a.version, a.code,
                               (a.flags & took_other_branch) != 0, a.steps,
                               note_in(a.flags)});
  sessions_.restore(record.client, std::move(session));
}

} // namespace present::partition
