#include "actors/node/local_gateway.hpp"

#include "actors/system_names.hpp"

#include <caf/send.hpp>

#include <utility>

namespace present {

namespace {

std::shared_ptr<const request> request_of(const client::send_attempt& what) {
  auto asked = std::make_shared<request>();
  asked->partition = what.partition;
  asked->epoch = what.epoch;
  asked->seen = what.seen;
  asked->deadline_ms = what.deadline_ms;
  asked->traceparent = observe::format_traceparent(what.trace);
  asked->operations.push_back(what.what);
  return asked;
}

client::answered answered_with(std::uint64_t attempt, const response& what) {
  client::answered heard;
  heard.attempt = attempt;
  heard.failure = what.failure;
  heard.stamp = what.stamp;
  heard.epoch = what.epoch;
  heard.leader = what.leader;
  if (!what.answers.empty())
    heard.what = what.answers.front();
  return heard;
}

} // namespace

local_gateway::local_gateway(supervision::address_book& addresses)
    : session_(addresses.address_of<session_actor>(paths::own_session)) {
}

/// Null while there is none.
session_actor local_gateway::open_session() {
  const auto& there = session_.get();
  return there && there.address() != ended_ ? there : session_actor{};
}

void local_gateway::send(const client::send_attempt& what,
                         const client::client_actor& from) {
  const std::lock_guard hold(mutex_);
  const auto session = open_session();
  if (!session) {
    caf::anon_send(from, client::attempt_failed{{what.attempt, true}});
    return;
  }
  const auto number = ++last_number_;
  attempts_.emplace(number, attempt{what.attempt, from});
  caf::anon_send(session, session_call{number, request_of(what)});
}

void local_gateway::ask_for_map(map_taker take) {
  {
    const std::lock_guard hold(mutex_);
    if (const auto session = open_session()) {
      const auto number = ++last_number_;
      map_calls_.emplace(number, std::move(take));
      caf::anon_send(session, session_map_call{number});
      return;
    }
  }
  take(nullptr);
}

void local_gateway::reply(std::uint64_t number, std::shared_ptr<const response> what) {
  const std::lock_guard hold(mutex_);
  const auto found = attempts_.find(number);
  if (found == attempts_.end())
    return;
  caf::anon_send(found->second.from,
                 client::attempt_answered{answered_with(found->second.id, *what)});
  attempts_.erase(found);
}

void local_gateway::reply_map(std::uint64_t number, result<cluster_map_ptr> map) {
  map_taker take;
  {
    const std::lock_guard hold(mutex_);
    const auto found = map_calls_.find(number);
    if (found == map_calls_.end())
      return;
    take = std::move(found->second);
    map_calls_.erase(found);
  }
  take(map ? *map : nullptr);
}

void local_gateway::ended() {
  std::unordered_map<std::uint64_t, map_taker> without_map;
  {
    const std::lock_guard hold(mutex_);
    if (const auto& there = session_.get())
      ended_ = there.address();
    for (const auto& [number, lost] : std::exchange(attempts_, {}))
      caf::anon_send(lost.from, client::attempt_failed{{lost.id, false}});
    without_map.swap(map_calls_);
  }
  for (const auto& [number, take] : without_map)
    take(nullptr);
}

} // namespace present
