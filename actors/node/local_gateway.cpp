#include "actors/node/local_gateway.hpp"

#include "actors/client/lane_name.hpp"
#include "actors/partition/operation_size.hpp"
#include "actors/system_names.hpp"
#include "runtime/base/bounds.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <map>
#include <utility>

namespace present {

namespace {

/// One of a partition, by one map.
std::shared_ptr<request> request_like(const client::send_attempt& what) {
  auto asked = std::make_shared<request>();
  asked->partition = what.partition;
  asked->epoch = what.epoch;
  asked->traceparent = observe::format_traceparent(what.trace);
  return asked;
}

void add(client::send_attempt&& one, request& to) {
  to.seen = std::max(to.seen, one.seen);
  to.deadline_ms = std::max(to.deadline_ms, one.deadline_ms);
  if (one.trace.sampled) // one request, one trace: of several the one that somebody looks at
    to.traceparent = observe::format_traceparent(one.trace);
  to.operations.push_back(std::move(one.what));
}

client::answered answered_with(std::uint64_t attempt, const response& what,
                               std::size_t place) {
  client::answered heard;
  heard.attempt = attempt;
  heard.failure = what.failure;
  heard.stamp = what.stamp;
  heard.epoch = what.epoch;
  heard.leader = what.leader;
  if (place < what.answers.size())
    heard.what = what.answers[place];
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
  send_all({what}, from);
}

void local_gateway::send_all(std::vector<client::send_attempt> what,
                             const client::client_actor& from) {
  const std::lock_guard hold(mutex_);
  const auto session = open_session();
  std::map<std::pair<client::lane_name, map_epoch>, gathering> open;
  for (auto& one : what) {
    // What waits there would keep the others waiting; and the answers of a request's reads
    // have a bound together.
    const bool alone = one.what.may_wait() || one.what.is_read();
    gathering by_itself;
    auto& to = alone ? by_itself : open[{client::lane_of(one), one.epoch}];
    const auto bytes = alone ? 0 : encoded_bytes(one.what);
    if (to.asked && !to.has_room_for(bytes))
      submit(session, std::exchange(to, {}));
    if (!to.asked)
      to.asked = request_like(one);
    to.by.from = from;
    to.by.attempts.push_back(one.attempt);
    to.bytes += bytes;
    add(std::move(one), *to.asked);
    if (alone)
      submit(session, std::move(to));
  }
  for (auto& [where, gathered] : open)
    submit(session, std::move(gathered));
}

bool local_gateway::gathering::has_room_for(std::size_t more) const {
  return by.attempts.size() < bounds::max_request_operations
         && bytes + more <= bounds::max_request;
}

void local_gateway::submit(const session_actor& to, gathering what) {
  if (!to)
    return fail(what.by, true);
  const auto number = ++last_number_;
  requests_.emplace(number, std::move(what.by));
  caf::anon_send(to, session_call{number, std::move(what.asked)});
}

void local_gateway::fail(const sent& lost, bool never_sent) {
  for (const auto attempt : lost.attempts)
    caf::anon_send(lost.from, client::attempt_failed{{attempt, never_sent}});
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
  const auto found = requests_.find(number);
  if (found == requests_.end())
    return;
  const auto& [attempts, from] = found->second;
  client::attempts_answered heard;
  for (std::size_t place = 0; place < attempts.size(); ++place)
    heard.what.push_back(answered_with(attempts[place], *what, place));
  caf::anon_send(from, std::move(heard));
  requests_.erase(found);
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
    for (const auto& [number, lost] : std::exchange(requests_, {}))
      fail(lost, false);
    without_map.swap(map_calls_);
  }
  for (const auto& [number, take] : without_map)
    take(nullptr);
}

} // namespace present
