#include "actors/client/client_machine.hpp"

#include "runtime/base/bounds.hpp"
#include "runtime/base/check.hpp"

#include <algorithm>
#include <utility>

namespace present::client {

namespace {

constexpr partition_id root_partition{0};

/// A retry may arrive this long after the deadline at which the caller was told:
/// for what is still on a link or in a queue then.
constexpr std::uint64_t retry_grace_ms = 2'000;

/// Pauses between uncounted tries: short, since they wait for an election.
constexpr std::uint64_t follow_pause_cap_ms = 40;

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

const std::string* space_of(const call_kind& what) {
  return std::visit(overloaded{
                      [](const create_space&) -> const std::string* { return nullptr; },
                      [](const drop_space&) -> const std::string* { return nullptr; },
                      [](const auto& c) -> const std::string* { return &c.space; },
                    },
                    what);
}

/// The key that decides the partition; empty for what the root keeps.
std::string_view routing_key(const call_kind& what) {
  return std::visit(
    overloaded{
      [](const create_space&) { return std::string_view{}; },
      [](const drop_space&) { return std::string_view{}; },
      [](const scan_call& c) { return std::string_view{c.first}; },
      [](const auto& c) { return std::string_view{c.key}; },
    },
    what);
}

auto as_operation_in(space_id space, const call_kind& what) {
  using body = decltype(operation::what);
  return std::visit(
    overloaded{
      [&](const get_call& c) -> body { return get{space, c.key}; },
      [&](const scan_call& c) -> body {
        return scan{space, c.first, c.last, c.limit, c.keys_only};
      },
      [&](const put_call& c) -> body { return put{space, c.key, c.value, c.when}; },
      [&](const remove_call& c) -> body { return remove_key{space, c.key, c.when}; },
      [](const auto& c) -> body { return c; },
    },
    what);
}

error unknown_space_error(const std::string& name) {
  return make_error(error_code::unknown_space,
                    "there is no space '" + name
                      + "': create it with `present space create " + name + '`');
}

} // namespace

client_machine::client_machine(const settings& options)
    : options_(options), random_state_(options.seed) {}

void client_machine::step(const event& input, effects& out) {
  std::visit(overloaded{
               [&](const called& e) { on_called(input, e, out); },
               [&](const answered& e) { on_answered(input, e, out); },
               [&](const attempt_lost& e) { on_lost(input, e, out); },
               [&](const map_arrived& e) { on_map(input, e, out); },
               [&](const map_failed& e) { on_map_failed(input, e, out); },
               [&](const time_passed&) { on_time_passed(input, out); },
             },
             input.what);
}

std::optional<time_ms> client_machine::next_wake() const {
  std::optional<time_ms> wake = map_wanted_at_;
  const auto earlier = [&](time_ms at) { wake = wake ? std::min(*wake, at) : at; };
  if (!deadlines_.empty())
    earlier(deadlines_.begin()->first);
  if (!pauses_.empty())
    earlier(pauses_.begin()->first);
  return wake;
}

// -- events ------------------------------------------------------------------------

void client_machine::on_called(const event& input, const called& what,
                               effects& out) {
  check(!calls_.contains(what.id), "I1: a call id is used once");
  call asked;
  asked.what = what.what;
  asked.is_write = !std::holds_alternative<get_call>(what.what)
                   && !std::holds_alternative<scan_call>(what.what);
  const auto patience = what.deadline_ms ? what.deadline_ms : bounds::default_deadline_ms;
  asked.deadline = input.now + patience;
  asked.as_operation.id = {options_.id, {next_number_++}};
  asked.as_operation.retry_until = hlc_stamp::of(
    std::max(input.wall_ms, seen_.wall_ms()) + patience + retry_grace_ms, 0);
  if (asked.is_write)
    unanswered_.insert(asked.as_operation.id.number);
  deadlines_.emplace(asked.deadline, what.id);
  calls_.emplace(what.id, std::move(asked));
  route(what.id, input, out);
}

void client_machine::on_answered(const event& input, const answered& what,
                                 effects& out) {
  seen_ = std::max(seen_, what.stamp);
  call_id id = 0;
  auto* asked = end_attempt(what.attempt, id);
  if (!asked)
    return; // given up at its deadline
  if (what.leader.value != 0)
    leaders_[asked->partition] = what.leader;
  if (map_ && what.epoch > map_->epoch)
    want_map(input, out);
  error why = what.failure;
  if (why.code == error_code::ok && what.what.code != error_code::ok) {
    why = make_error(what.what.code, what.what.message);
    why.known = what.what.known;
    why.current_version = what.what.version.value;
  }
  asked->last = why;
  if (asked->is_write && why.known == outcome::unknown && why.code != error_code::ok)
    asked->maybe_applied = true;
  switch (why.code) {
    case error_code::ok:
      finish(id, {what.what, {}, 0}, out);
      return;
    case error_code::not_leader:
    case error_code::wrong_partition:
      follow(id, input, what.leader, out);
      return;
    case error_code::unknown_space:
      check_space(id, input, out);
      return;
    case error_code::deadline:
    case error_code::unknown_outcome:
      // The session table makes asking again safe, so ask until it is known.
      follow(id, input, {}, out);
      return;
    default:
      if (traits_of(why.code).retryable)
        retry(id, input, why, out);
      else
        finish(id, {what.what, why, 0}, out);
  }
}

void client_machine::on_lost(const event& input, const attempt_lost& what,
                             effects& out) {
  call_id id = 0;
  auto* asked = end_attempt(what.attempt, id);
  if (!asked)
    return;
  if (asked->is_write && !what.never_sent)
    asked->maybe_applied = true;
  asked->last = make_error(error_code::no_quorum,
                           "node " + std::to_string(asked->target.value)
                             + " can't be reached");
  if (const auto led = leaders_.find(asked->partition);
      led != leaders_.end() && led->second == asked->target)
    leaders_.erase(led);
  follow(id, input, {}, out);
}

void client_machine::on_map(const event& input, const map_arrived& what,
                            effects& out) {
  map_under_way_ = false;
  const bool newer = !map_ || what.map->epoch >= map_->epoch;
  if (newer) {
    map_ = what.map;
    for (const auto& [partition, leader] : map_->leaders)
      if (leader.value != 0)
        leaders_[partition] = leader;
  }
  // Only the root's leader can say that a space does not exist.
  const auto root = map_->leaders.find(root_partition);
  const bool from_root = root != map_->leaders.end() && root->second == what.from;
  const auto waiting = std::exchange(without_map_, {});
  for (const auto id : waiting) {
    if (from_root)
      calls_.at(id).space_was_checked = true;
    route(id, input, out);
  }
}

void client_machine::on_map_failed(const event& input, const map_failed& what,
                                   effects& out) {
  map_under_way_ = false;
  if (const auto root = leaders_.find(root_partition);
      root != leaders_.end() && root->second == what.from)
    leaders_.erase(root);
  if (!without_map_.empty())
    want_map(input, out);
}

void client_machine::on_time_passed(const event& input, effects& out) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= input.now) {
    const auto id = deadlines_.begin()->second;
    const auto& asked = calls_.at(id);
    auto why = make_error(error_code::deadline,
                          asked.last.message.empty()
                            ? "no answer within the deadline"
                            : "no answer within the deadline; last: " + asked.last.message);
    why.known = outcome::not_applied;
    give_up(id, std::move(why), out);
  }
  while (!pauses_.empty() && pauses_.begin()->first <= input.now) {
    const auto id = pauses_.begin()->second;
    pauses_.erase(pauses_.begin());
    calls_.at(id).retry_at.reset();
    route(id, input, out);
  }
  ask_for_map(input, out);
}

// -- routing -----------------------------------------------------------------------

void client_machine::route(call_id id, const event& input, effects& out) {
  auto& asked = calls_.at(id);
  if (!map_) {
    wait_for_map(id, input, out);
    return;
  }
  const auto partition = resolve(asked);
  if (!partition) {
    check_space(id, input, out);
    return;
  }
  asked.partition = *partition;
  send_to(id, target_of(*partition), input, out);
}

void client_machine::wait_for_map(call_id id, const event& input, effects& out) {
  without_map_.insert(id);
  want_map(input, out);
}

/// The map at hand, or the node, doesn't know the call's space: one look at the
/// root leader's map decides.
void client_machine::check_space(call_id id, const event& input, effects& out) {
  auto& asked = calls_.at(id);
  const auto* name = space_of(asked.what);
  if (!name || asked.space_was_checked) {
    give_up(id, name ? unknown_space_error(*name) : asked.last, out);
    return;
  }
  wait_for_map(id, input, out);
}

void client_machine::send_to(call_id id, node_id target, const event& input,
                             effects& out) {
  auto& asked = calls_.at(id);
  asked.attempt = next_attempt_++;
  asked.target = target;
  ++asked.attempts;
  attempts_.emplace(asked.attempt, id);
  asked.as_operation.acked_below
    = unanswered_.empty() ? operation_number{next_number_} : *unanswered_.begin();
  const auto left = asked.deadline > input.now ? asked.deadline - input.now : 1;
  out.push_back(send_attempt{asked.attempt, target, asked.partition, map_->epoch,
                             seen_, static_cast<std::uint32_t>(left),
                             asked.as_operation});
}

std::optional<partition_id> client_machine::resolve(call& asked) const {
  const auto* name = space_of(asked.what);
  if (!name) {
    asked.as_operation.what = as_operation_in({}, asked.what);
    return root_partition;
  }
  const auto space = map_->spaces.find(*name);
  if (space == map_->spaces.end())
    return std::nullopt;
  const auto* range = map_->range_of(space->second, routing_key(asked.what));
  if (!range)
    return std::nullopt;
  asked.as_operation.what = as_operation_in(space->second, asked.what);
  return range->partition;
}

/// The leader as far as known, else each node in turn.
node_id client_machine::target_of(partition_id partition) {
  if (const auto led = leaders_.find(partition); led != leaders_.end())
    return led->second;
  if (!map_ || map_->nodes.empty())
    return {};
  return map_->nodes[next_node_++ % map_->nodes.size()].id;
}

client_machine::call* client_machine::end_attempt(std::uint64_t attempt,
                                                  call_id& id) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end())
    return nullptr;
  id = found->second;
  attempts_.erase(found);
  auto& asked = calls_.at(id);
  asked.attempt = 0;
  return &asked;
}

/// Tries again elsewhere, uncounted: at once the first time and whenever the
/// node named another leader, after a growing pause when it goes in circles.
void client_machine::follow(call_id id, const event& input, node_id hint,
                            effects& out) {
  auto& asked = calls_.at(id);
  if (hint.value == 0 || hint == asked.target)
    if (const auto led = leaders_.find(asked.partition);
        led != leaders_.end() && led->second == asked.target)
      leaders_.erase(led);
  if (asked.redirects++ == 0) {
    route(id, input, out);
    return;
  }
  const auto steps = std::min<std::uint32_t>(asked.redirects, 5);
  const auto ceiling = std::min<std::uint64_t>(std::uint64_t{2} << steps, follow_pause_cap_ms);
  pause(id, input.now + 1 + draw() % ceiling);
}

/// Backoff: base · 2^n up to the cap, full jitter, never before the server's
/// own hint.
void client_machine::retry(call_id id, const event& input, const error& why,
                           effects& out) {
  auto& asked = calls_.at(id);
  if (asked.retries >= options_.max_retries) {
    give_up(id, why, out);
    return;
  }
  const auto ceiling = std::min<std::uint64_t>(
    std::uint64_t{options_.backoff_base_ms} << asked.retries, options_.backoff_cap_ms);
  ++asked.retries;
  asked.redirects = 0;
  pause(id, input.now + why.retry_after_ms + 1 + draw() % ceiling);
}

void client_machine::pause(call_id id, time_ms until) {
  calls_.at(id).retry_at = until;
  pauses_.emplace(until, id);
}

/// At most one question under way, and never more often than `map_pause_ms`.
void client_machine::want_map(const event& input, effects& out) {
  if (map_under_way_ || map_wanted_at_)
    return;
  map_wanted_at_ = std::max(input.now, map_not_before_);
  ask_for_map(input, out);
}

void client_machine::ask_for_map(const event& input, effects& out) {
  if (!map_wanted_at_ || *map_wanted_at_ > input.now)
    return;
  map_wanted_at_.reset();
  map_not_before_ = input.now + options_.map_pause_ms;
  map_under_way_ = true;
  out.push_back(fetch_map{target_of(root_partition)});
}

// -- ending ------------------------------------------------------------------------

void client_machine::finish(call_id id, outcome_of_call how, effects& out) {
  const auto found = calls_.find(id);
  auto& asked = found->second;
  how.attempts = asked.attempts;
  deadlines_.erase({asked.deadline, id});
  if (asked.retry_at)
    pauses_.erase({*asked.retry_at, id});
  if (asked.attempt)
    attempts_.erase(asked.attempt);
  without_map_.erase(id);
  unanswered_.erase(asked.as_operation.id.number);
  calls_.erase(found);
  out.push_back(complete{id, std::move(how)});
}

/// Ends a call that no state machine has answered (I3).
void client_machine::give_up(call_id id, error why, effects& out) {
  const auto& asked = calls_.at(id);
  const bool under_way = asked.is_write && asked.attempt != 0;
  if (asked.maybe_applied || under_way) {
    why.known = outcome::unknown;
    if (why.code != error_code::deadline)
      why.code = error_code::unknown_outcome;
  }
  finish(id, {{}, std::move(why), 0}, out);
}

/// splitmix64 (Steele, Lea and Flood, 2014): enough for jitter, and the same on
/// every machine for the same seed.
std::uint64_t client_machine::draw() {
  auto z = random_state_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

} // namespace present::client
