#include "actors/partition/session_table.hpp"

#include <limits>

namespace present::partition {

namespace {

/// An entry carries up to 4,000 operations, so collecting must outpace that.
constexpr std::size_t collected_per_entry = 8192;

constexpr operation_number session_end{
  std::numeric_limits<std::uint64_t>::max()};

} // namespace

session_table::finding session_table::admit(const operation& asked,
                                            hlc_stamp stamp) {
  const auto [client, number] = asked.id;
  auto found = sessions_.find(client);
  if (found == sessions_.end()) {
    if (asked.retry_until < stamp)
      return {standing::expired, {}};
    if (sessions_.size() >= max_sessions_)
      return {standing::full, {}};
    found = sessions_.emplace(client, client_session{}).first;
  }
  auto& session = found->second;
  acknowledge(client, session, asked.acked_below);
  if (const auto answer = session.answers.find(number);
      answer != session.answers.end())
    return {standing::repeated, answer->second};
  if (number < session.acked_below || asked.retry_until < stamp)
    return {standing::expired, {}};
  return {standing::fresh, {}};
}

void session_table::remember(const operation& asked, error_code code,
                             hlc_stamp version) {
  const auto [client, number] = asked.id;
  auto& session = sessions_[client];
  session.answers[number] = {asked.retry_until, version, code};
  by_expiry_.emplace(asked.retry_until, client, number);
  if (asked.retry_until > session.live_until) {
    by_expiry_.erase({session.live_until, client, session_end});
    session.live_until = asked.retry_until;
    by_expiry_.emplace(session.live_until, client, session_end);
  }
  changed_.insert(client);
}

void session_table::acknowledge(client_id client, client_session& session,
                                operation_number below) {
  if (below <= session.acked_below)
    return;
  session.acked_below = below;
  const auto end = session.answers.lower_bound(below);
  for (auto it = session.answers.begin(); it != end; ++it)
    by_expiry_.erase({it->second.retry_until, client, it->first});
  session.answers.erase(session.answers.begin(), end);
  changed_.insert(client);
}

void session_table::collect(hlc_stamp stamp) {
  for (std::size_t n = 0; n < collected_per_entry && !by_expiry_.empty(); ++n) {
    const auto [until, client, number] = *by_expiry_.begin();
    if (until >= stamp)
      return;
    by_expiry_.erase(by_expiry_.begin());
    changed_.insert(client);
    const auto found = sessions_.find(client);
    if (number == session_end)
      sessions_.erase(found);
    else
      found->second.answers.erase(number);
  }
}

const client_session* session_table::find(client_id client) const {
  const auto found = sessions_.find(client);
  return found == sessions_.end() ? nullptr : &found->second;
}

std::vector<std::pair<client_id, const client_session*>>
session_table::take_changed() {
  std::vector<std::pair<client_id, const client_session*>> out;
  out.reserve(changed_.size());
  for (const auto client : changed_)
    out.emplace_back(client, find(client));
  changed_.clear();
  return out;
}

void session_table::restore(client_id client, client_session session) {
  for (const auto& [number, answer] : session.answers)
    by_expiry_.emplace(answer.retry_until, client, number);
  by_expiry_.emplace(session.live_until, client, session_end);
  sessions_[client] = std::move(session);
}

} // namespace present::partition
