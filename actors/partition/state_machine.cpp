#include "actors/partition/state_machine.hpp"

#include "actors/partition/answers.hpp"
#include "actors/partition/mutant.hpp"
#include "runtime/base/check.hpp"

#include <algorithm>

namespace present::partition {

using storage::record_key;
using storage::record_kind;

namespace {

constexpr partition_id root_partition{0};

/// Of a dropped space one entry removes as many keys as make up one of these:
/// reading them costs as much as their values are long.
constexpr std::size_t dropped_keys_per_entry = 1000;
constexpr std::size_t dropped_bytes_per_entry = bounds::max_entry;

template <class T>
T& sound(result<T>& found) {
  if (!found)
    throw invariant_violation("the state can't be read: " + found.problem().message);
  return *found;
}

/// What a retry hears. The first answer's sentence isn't kept, its code is.
answer answer_again(const remembered_answer& known) {
  if (known.code == error_code::ok) {
    auto given = applied_answer(known.version);
    given.repeated = true;
    return given;
  }
  auto given = refused_answer(known.code, "the first try was answered: "
                                            + std::string{traits_of(known.code).name});
  given.version = known.version;
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
    : id_(id), table_(table), sessions_(limits) {
  restore();
}

// -- applying ----------------------------------------------------------------------

std::vector<answer> state_machine::apply(const entry_batch& batch) {
  check(batch.machine_version == entry_batch::current_machine_version,
        "A1: an entry of a state machine version that this program doesn't have");
  check(batch.first_stamp > latest_, "A2: a stamp in the log does not rise");
  std::vector<answer> answers;
  answers.reserve(batch.operations.size());
  for (std::size_t place = 0; place < batch.operations.size(); ++place)
    answers.push_back(apply_write(batch.operations[place], batch.stamp_of(place)));
  latest_ = batch.last_stamp();
  sessions_.collect(latest_);
  collect_dropped_space();
  return answers;
}

answer state_machine::apply_write(const operation& asked, hlc_stamp stamp) {
  using standing = session_table::standing;
  const auto seen = sessions_.admit(asked, stamp);
  if (mutated(mutant::skip_session_table)
      || (mutated(mutant::apply_expired) && seen.is == standing::expired))
    return apply_fresh(asked, stamp);
  answer given;
  switch (seen.is) {
    case standing::fresh:
      given = apply_fresh(asked, stamp);
      sessions_.remember(asked, given.code, given.version);
      break;
    case standing::repeated:
      given = answer_again(seen.previous);
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
  }
  given.id = asked.id;
  return given;
}

answer state_machine::apply_fresh(const operation& asked, hlc_stamp stamp) {
  if (auto broken = limit_broken_by(asked))
    return refused_answer(broken->code, std::move(broken->message));
  return std::visit(
    [&](const auto& what) {
      if constexpr (requires { this->apply_what(what, stamp); })
        return apply_what(what, stamp);
      else
        return refused_answer(error_code::invalid, "a read in the log");
    },
    asked.what);
}

answer state_machine::apply_what(const put& asked, hlc_stamp stamp) {
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

answer state_machine::apply_what(const remove_key& asked, hlc_stamp stamp) {
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

answer state_machine::apply_what(const create_space& asked, hlc_stamp stamp) {
  if (id_ != root_partition)
    return refused_answer(error_code::wrong_partition, "only the root keeps spaces");
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

answer state_machine::apply_what(const drop_space& asked, hlc_stamp stamp) {
  if (id_ != root_partition)
    return refused_answer(error_code::wrong_partition, "only the root keeps spaces");
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

void state_machine::collect_dropped_space() {
  if (dropped_.empty())
    return;
  const auto space = *dropped_.begin();
  std::vector<record_key> gone;
  std::size_t bytes = 0;
  bool more = false;
  const auto visited = table_.visit(
    record_key::value(space, ""), record_key::end_of(space), [&](storage::row&& row) {
      more = gone.size() >= dropped_keys_per_entry || bytes >= dropped_bytes_per_entry;
      if (more)
        return false;
      bytes += std::get<storage::value_record>(row.what).view().size();
      gone.push_back(std::move(row.key));
      return true;
    });
  check(bool{visited}, "the state can't be read: a dropped space's keys");
  for (auto& key : gone)
    table_.erase(std::move(key));
  if (more)
    return;
  auto found = table_.get_as<storage::space_record>(record_key::space(space));
  auto done = sound(found).value();
  done.collected = true;
  table_.put(record_key::space(space), std::move(done));
  dropped_.erase(space);
}

// -- reading -----------------------------------------------------------------------

answer state_machine::read(const get& asked) const {
  if (!has_space(asked.space))
    return unknown_space_answer(asked.space);
  auto found = table_.get_as<storage::value_record>(
    record_key::value(asked.space, asked.key));
  if (!found)
    return refused_answer(found.problem().code, found.problem().message);
  if (!*found || (*found)->tombstone)
    return not_found_answer(asked.key);
  static const auto empty = std::make_shared<const std::string>();
  auto given = applied_answer((*found)->version);
  given.value = (*found)->bytes ? (*found)->bytes : empty;
  return given;
}

answer state_machine::read(const scan& asked) const {
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
    bytes += row.key.user_key().size() + (asked.keys_only ? 0 : value.view().size());
    given.rows.push_back({std::string{row.key.user_key()}, value.version,
                          asked.keys_only ? nullptr : value.bytes});
    return true;
  });
  if (!visited)
    return refused_answer(visited.problem().code, visited.problem().message);
  return given;
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
    record.answers.reserve(session->answers.size());
    for (const auto& known : session->answers)
      record.answers.push_back(
        {known.number, known.retry_until, known.code, known.version, 0});
    table_.put(key, std::move(record));
  }
  storage::partition_record own;
  own.latest = latest_;
  own.epoch = epoch_;
  own.machine_version = entry_batch::current_machine_version;
  own.sessions = sessions_.size();
  table_.put(record_key::partition(), own);
}

void state_machine::restore() {
  auto own = table_.get_as<storage::partition_record>(record_key::partition());
  if (const auto& found = sound(own)) {
    latest_ = found->latest;
    epoch_ = found->epoch;
  }
  const auto visit = [&](record_kind kind, const auto& take) {
    const auto visited
      = table_.visit(record_key::start_of(kind), record_key::end_of(kind), take);
    check(bool{visited}, "the state can't be read on opening");
  };
  visit(record_kind::space, [&](storage::row&& row) {
    restore_space(std::move(std::get<storage::space_record>(row.what)));
    return true;
  });
  visit(record_kind::session, [&](storage::row&& row) {
    if (!mutated(mutant::forget_sessions))
      restore_session(std::get<storage::session_record>(row.what));
    return true;
  });
}

void state_machine::restore_space(storage::space_record space) {
  next_space_ = std::max(next_space_, next(space.id));
  if (!space.dropped) {
    spaces_[space.name] = space.id;
    space_records_[space.id] = std::move(space);
  } else if (!space.collected) {
    dropped_.insert(space.id);
  }
}

void state_machine::restore_session(const storage::session_record& record) {
  client_session session;
  session.acked_below = record.acked_below;
  session.live_until = record.live_until;
  for (const auto& a : record.answers)
    session.answers.push_back({a.number, a.retry_until, a.version, a.code});
  sessions_.restore(record.client, std::move(session));
}

} // namespace present::partition
