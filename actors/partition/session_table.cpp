#include "actors/partition/session_table.hpp"

#include <algorithm>

namespace present::partition {

namespace {

/// An entry begins at most as many sessions as it has operations, so collecting
/// outpaces that.
constexpr std::size_t collected_per_entry = 2 * bounds::max_entry_operations;

/// The first answer numbered `number` or above: nearly always the end.
template <class Answers>
auto place_of(Answers& answers, operation_number number) {
  if (answers.empty() || answers.back().number < number)
    return answers.end();
  return std::lower_bound(
    answers.begin(), answers.end(), number,
    [](const remembered_answer& a, operation_number n) { return a.number < n; });
}

std::size_t bytes_of_all(const client_session& session) {
  std::size_t bytes = 0;
  for (const auto& answer : session.answers)
    bytes += bytes_of(answer.steps);
  return bytes;
}

} // namespace

std::size_t bytes_of(const storage::step_results& results) {
  if (!results)
    return 0;
  std::size_t bytes = results->size() * sizeof(storage::step_result);
  for (const auto& one : *results) {
    bytes += one.value ? one.value->size() : 0;
    for (const auto& row : one.rows)
      bytes += sizeof row + row.key.size() + (row.value ? row.value->size() : 0);
  }
  return bytes;
}

session_table::finding session_table::admit(const operation& asked,
                                            hlc_stamp stamp) {
  const auto [client, number] = asked.id;
  const bool late = asked.retry_until < stamp;
  const bool too_far
    = asked.retry_until.wall_ms() > stamp.wall_ms() + max_retry_window_ms;
  const auto found = sessions_.find(client);
  if (found == sessions_.end()) {
    if (late || number < asked.acked_below)
      return {standing::expired, {}};
    if (too_far)
      return {standing::too_far, {}};
    return {has_room_for_session(asked) && has_room_for_results(asked) ? standing::fresh
                                                                       : standing::full,
            {}};
  }
  auto& session = found->second.session;
  if (session.fingerprint != asked.fingerprint)
    return {standing::other, {}};
  if (acknowledge(session, asked.acked_below, stamp))
    note_change(client, found->second);
  if (const auto place = place_of(session.answers, number);
      place != session.answers.end() && place->number == number)
    return {standing::repeated, *place};
  if (late || number < session.acked_below)
    return {standing::expired, {}};
  if (too_far)
    return {standing::too_far, {}};
  return {session.answers.size() < limits_.answers_per_session
              && answers_ < limits_.answers && has_room_for_results(asked)
            ? standing::fresh
            : standing::full,
          {}};
}

bool session_table::has_room_for_results(const operation& asked) const {
  return result_bytes_ < limits_.result_bytes
         || !(std::holds_alternative<transact>(asked.what)
              || std::holds_alternative<decide>(asked.what));
}

bool session_table::has_room_for_session(const operation& asked) const {
  const bool fits = asked.fingerprint == 0
                      ? sessions_.size() - named_ < limits_.sessions
                      : named_ < limits_.named_sessions;
  return fits && answers_ < limits_.answers;
}

void session_table::remember(const operation& asked, remembered_answer known) {
  const auto [client, number] = asked.id;
  const auto [found, is_new] = sessions_.try_emplace(client);
  auto& session = found->second.session;
  if (is_new) {
    session.acked_below = asked.acked_below;
    session.fingerprint = asked.fingerprint;
    named_ += asked.fingerprint != 0;
    ends_.emplace(asked.retry_until, client);
  }
  session.ended = session.ended || std::holds_alternative<end_session>(asked.what);
  known.number = number;
  known.retry_until = asked.retry_until;
  result_bytes_ += bytes_of(known.steps);
  session.answers.insert(place_of(session.answers, number), std::move(known));
  session.live_until = std::max(session.live_until, asked.retry_until);
  ++answers_;
  note_change(client, found->second);
}

/// Besides what is acknowledged, what has expired at the front goes too. True if
/// anything changed.
bool session_table::acknowledge(client_session& session, operation_number below,
                                hlc_stamp stamp) {
  bool changed = session.acked_below < below;
  session.acked_below = std::max(session.acked_below, below);
  auto& answers = session.answers;
  while (!answers.empty()
         && (answers.front().number < session.acked_below
             || answers.front().retry_until < stamp)) {
    result_bytes_ -= bytes_of(answers.front().steps);
    answers.pop_front();
    --answers_;
    changed = true;
  }
  return changed;
}

void session_table::collect(hlc_stamp stamp) {
  std::size_t collected = 0;
  while (!ends_.empty() && ends_.begin()->first < stamp) {
    const auto [end, client] = *ends_.begin();
    const auto found = sessions_.find(client);
    if (const auto until = found->second.session.live_until; end < until) {
      ends_.erase(ends_.begin());
      ends_.emplace(until, client);
      continue;
    }
    // Whoever is first here now ends first of all, whether or not others stand
    // too early: the same sessions go on every replica (S4).
    if (++collected > collected_per_entry)
      return;
    note_change(client, found->second);
    answers_ -= found->second.session.answers.size();
    result_bytes_ -= bytes_of_all(found->second.session);
    named_ -= found->second.session.fingerprint != 0;
    sessions_.erase(found);
    ends_.erase(ends_.begin());
  }
}

void session_table::note_change(client_id client, entry& what) {
  if (what.changed)
    return;
  what.changed = true;
  changed_.push_back(client);
}

const client_session* session_table::find(client_id client) const {
  const auto found = sessions_.find(client);
  return found == sessions_.end() ? nullptr : &found->second.session;
}

const remembered_answer* session_table::find_answer(const operation_id& of) const {
  const auto* session = find(of.client);
  if (!session)
    return nullptr;
  const auto place = place_of(session->answers, of.number);
  return place != session->answers.end() && place->number == of.number ? &*place : nullptr;
}

std::vector<std::pair<client_id, const client_session*>>
session_table::take_changed() {
  // A session that went and began again is here twice.
  std::sort(changed_.begin(), changed_.end());
  changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
  std::vector<std::pair<client_id, const client_session*>> out;
  out.reserve(changed_.size());
  for (const auto client : changed_) {
    const auto found = sessions_.find(client);
    if (found == sessions_.end()) {
      out.emplace_back(client, nullptr);
    } else {
      found->second.changed = false;
      out.emplace_back(client, &found->second.session);
    }
  }
  changed_.clear();
  return out;
}

void session_table::restore(client_id client, client_session session) {
  ends_.emplace(session.live_until, client);
  answers_ += session.answers.size();
  result_bytes_ += bytes_of_all(session);
  named_ += session.fingerprint != 0;
  sessions_[client].session = std::move(session);
}

} // namespace present::partition
