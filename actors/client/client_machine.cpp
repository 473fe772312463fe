#include "actors/client/client_machine.hpp"

#include "actors/client/mutant.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/base/splitmix64.hpp"

#include <algorithm>
#include <iterator>

namespace present::client {

namespace {

/// A retry may arrive this long after the deadline at which the caller was told:
/// for what is still on a link or in a queue then.
constexpr std::uint64_t retry_grace_ms = 2'000;

/// As far ahead as a partition takes it, less a minute by which this clock may be
/// ahead of the partition's.
constexpr std::uint64_t longest_retry_ms = max_retry_window_ms - 60'000;

/// After a refusal because too many calls are open: about a round trip of each.
constexpr std::uint32_t overloaded_pause_ms = 20;

static_assert(name_lives_ms <= longest_retry_ms);

error unknown_space_error(const std::string& name) {
  return make_error(error_code::unknown_space,
                    "there is no space '" + name
                      + "': create it with `present space create " + name + '`');
}

error problem_of(const answered& what) {
  if (what.failure.code != error_code::ok)
    return what.failure;
  auto why = make_error(what.what.code, what.what.message);
  why.known = what.what.known;
  why.current_version = what.what.version.value;
  return why;
}

} // namespace

client_machine::client_machine(const settings& options)
    : options_(options),
      pacing_({options.seed, options.backoff_base_ms, options.backoff_cap_ms}),
      trace_state_(~options.seed) {}

void client_machine::step(event input, effects& out) {
  std::visit(overloaded{
               [&](called& e) { on_called(input, e, out); },
               [&](answered& e) { on_answered(input, e, out); },
               [&](attempt_lost& e) { on_lost(input, e, out); },
               [&](map_arrived& e) { on_map(input, e, out); },
               [&](map_failed& e) { on_map_failed(input, e, out); },
               [&](time_passed&) { on_time_passed(input, out); },
               [&](session_closing& e) { on_closing(input, e, out); },
             },
             input.what);
  end_where_claimed(input, out);
}

std::optional<time_ms> client_machine::next_wake() const {
  auto wake = map_wanted_at_;
  for (const auto* waiting : {&deadlines_, &pauses_})
    if (!waiting->empty()) {
      const auto first = waiting->begin()->first;
      wake = wake ? std::min(*wake, first) : first;
    }
  return wake;
}

// -- events ------------------------------------------------------------------------

void client_machine::on_called(const event& input, called& what, effects& out) {
  if (ending_) {
    out.push_back(complete{what.id, {{}, ended_session_error(), 0}});
    return;
  }
  if (calls_.size() >= options_.max_open_calls) {
    auto why = make_error(error_code::overloaded,
                          "the client has " + std::to_string(calls_.size())
                            + " calls open; the limit is "
                            + std::to_string(options_.max_open_calls));
    why.retry_after_ms = overloaded_pause_ms;
    why.trace_id = observe::trace_id_text(what.trace);
    if (what.name)
      why.known = outcome::unknown;
    out.push_back(complete{what.id, {{}, std::move(why), 0}});
    return;
  }
  auto& asked = open(input, what);
  if (std::holds_alternative<map_call>(asked.what))
    wait_for_map(asked, input, out);
  else
    route(asked, input, out);
}

client_machine::call& client_machine::open(const event& input, called& what) {
  const auto [found, is_new] = calls_.try_emplace(what.id);
  check(is_new, "I1: a call id is used twice");
  auto& asked = found->second;
  asked.id = what.id;
  asked.what = std::move(what.what);
  asked.is_write = is_write(asked.what);
  if (asked.is_write)
    asked.name = what.name;
  if (auto* all = std::get_if<transact_call>(&asked.what); all && all->what.start.value == 0)
    all->what.start = hlc_stamp::of(std::max(input.wall_ms, seen_.wall_ms()), 0); // P13
  check(!asked.name || asked.name->fingerprint != 0, "I2: a name without a fingerprint");
  asked.trace = what.trace ? what.trace
                           : observe::trace_context{splitmix64(trace_state_),
                                                    splitmix64(trace_state_) | 1,
                                                    splitmix64(trace_state_) | 1, false};
  asked.patience_ms = what.deadline_ms ? what.deadline_ms : bounds::default_deadline_ms;
  asked.deadline = input.now + asked.patience_ms;
  // Nearly all have the same patience, so the new one is nearly always last.
  asked.deadline_alarm
    = deadlines_.emplace_hint(deadlines_.end(), asked.deadline, what.id);
  if (std::holds_alternative<map_call>(asked.what))
    asked.map_number = maps_asked_ + 1;
  else
    number(asked, input);
  return asked;
}

void client_machine::on_answered(const event& input, answered& what, effects& out) {
  seen_ = std::max(seen_, what.stamp);
  auto* asked = end_attempt(what.attempt);
  if (!asked)
    return; // given up at its deadline
  if (what.leader.value != 0)
    leaders_[asked->partition] = what.leader;
  if (map_ && what.epoch > map_->epoch)
    want_map(input, out);
  if (what.failure.code == error_code::ok && what.what.code == error_code::ok)
    on_success(*asked, input, what.what, out);
  else
    on_refusal(*asked, input, what, out);
}

void client_machine::on_lost(const event& input, const attempt_lost& what,
                             effects& out) {
  auto* asked = end_attempt(what.attempt);
  if (!asked)
    return;
  if (asked->is_write && !what.never_sent)
    asked->maybe_applied = true;
  asked->last = make_error(error_code::no_quorum,
                           "node " + std::to_string(asked->target.value)
                             + " can't be reached");
  want_map(input, out); // it may have left the cluster
  follow(*asked, input, {}, out);
}

/// Whoever leads the root has every space; another node may lag behind.
void client_machine::on_map(const event& input, const map_arrived& what, effects& out) {
  if (what.map->epoch.value == 0) { // the node has not heard of a cluster yet
    on_map_failed(input, {what.from}, out);
    return;
  }
  map_under_way_ = false;
  const bool is_older = map_ && what.map->epoch < map_->epoch;
  if (!is_older) {
    map_ = what.map;
    for (const auto& [partition, leader] : map_->leaders)
      if (leader.value != 0)
        leaders_[partition] = leader;
  }
  const auto root = what.map->leaders.find(root_partition);
  const bool is_roots = !is_older && root != what.map->leaders.end()
                        && root->second == what.from && what.from.value != 0;
  for (const auto id : std::exchange(without_map_, {}))
    on_map_for(calls_.at(id), input, is_roots, out);
}

/// What the newest map, which this call has waited for, means to it.
void client_machine::on_map_for(call& asked, const event& input, bool is_roots,
                                effects& out) {
  const auto* missing = space_missing_in(*map_, asked.what);
  if (std::holds_alternative<map_call>(asked.what)) {
    if (is_roots && maps_asked_ >= asked.map_number)
      finish(asked, {{}, {}, 0, map_}, out);
    else
      wait_for_map(asked, input, out);
  } else if (is_roots && missing) {
    give_up(asked, unknown_space_error(*missing), out);
  } else {
    route(asked, input, out);
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
    auto& asked = calls_.at(deadlines_.begin()->second);
    auto why = make_error(error_code::deadline,
                          asked.last.message.empty()
                            ? "no answer within the deadline"
                            : "no answer within the deadline; last: " + asked.last.message);
    why.known = outcome::not_applied;
    give_up(asked, std::move(why), out);
  }
  while (!pauses_.empty() && pauses_.begin()->first <= input.now) {
    auto& asked = calls_.at(pauses_.begin()->second);
    pauses_.erase(pauses_.begin());
    asked.pause.reset();
    route(asked, input, out);
  }
  ask_for_map(input, out);
}

// -- what an answer means ----------------------------------------------------------

void client_machine::on_success(call& asked, const event& input, answer& given,
                                effects& out) {
  if (std::holds_alternative<scan_call>(asked.what) && scan_goes_on(asked, given))
    route(asked, input, out);
  else if (std::holds_alternative<transact_call>(asked.what) && validation_goes_on(asked))
    route(asked, input, out);
  else
    finish(asked, {std::move(given), {}, 0}, out);
}

/// A page that is not full goes on with the next range, which may be another
/// partition's; the answer is all of them together.
bool client_machine::scan_goes_on(call& asked, answer& given) {
  auto& wanted = std::get<scan_call>(asked.what);
  const auto& sent = std::get<scan>(asked.as_operation.what);
  const auto limit
    = wanted.limit ? wanted.limit : static_cast<std::uint32_t>(bounds::max_scan_page);
  for (const auto& row : given.rows)
    asked.bytes += row.key.size() + (row.value ? row.value->size() : 0);
  for (const auto& row : given.escalated)
    for (const auto& one : row.writes)
      asked.bytes += row.key.size() + (one.bytes ? one.bytes->size() : 0);
  const auto found = given.rows.size() + given.escalated.size();
  const bool full = given.more || found >= limit
                    || asked.bytes > bounds::max_request / 2;
  const bool goes_on = sent.last != wanted.last && !full;
  if (goes_on) {
    wanted.limit = limit - static_cast<std::uint32_t>(found);
    wanted.first = sent.last;
    asked.redirects = 0;
  }
  given.more = full && (given.more || sent.last != wanted.last);
  std::move(given.rows.begin(), given.rows.end(), std::back_inserter(asked.rows));
  std::move(given.escalated.begin(), given.escalated.end(),
            std::back_inserter(asked.escalated));
  if (!goes_on) {
    given.rows = std::move(asked.rows);
    given.escalated = std::move(asked.escalated);
  }
  return goes_on;
}

/// What was read of several partitions is asked of one after the other.
bool client_machine::validation_goes_on(call& asked) {
  if (asked.rest.seen.empty() && asked.rest.ranges.empty())
    return false;
  std::get<transact_call>(asked.what).what = std::exchange(asked.rest, {});
  asked.redirects = 0;
  return true;
}

void client_machine::on_refusal(call& asked, const event& input, answered& what,
                                effects& out) {
  const auto why = problem_of(what);
  asked.last = why;
  if (asked.is_write && why.known == outcome::unknown && why.code != error_code::session_expired)
    asked.maybe_applied = true;
  const bool decided = what.failure.code == error_code::ok && is_verdict(what.what);
  if (decided || mutated(mutant::trust_any_refusal))
    asked.maybe_applied = false; // of any earlier try it would have known (I3)
  switch (why.code) {
    case error_code::wrong_partition:
      // This client's map is old, or the partition hasn't heard of the newest yet.
      want_map(input, out);
      go_again(asked, input, out);
      return;
    case error_code::not_leader:
      follow(asked, input, what.leader, out);
      return;
    case error_code::unknown_outcome:
      want_map(input, out); // its replica there may have gone elsewhere
      [[fallthrough]];
    case error_code::deadline:
      // The session table makes asking again safe, so ask until it is known.
      follow(asked, input, {}, out);
      return;
    case error_code::session_expired:
      // Of an operation that was never sent before this says "not applied": the
      // client's clock was behind, and now it knows by how much. A name keeps its
      // id: nothing is remembered under that.
      if (!asked.is_write || asked.maybe_applied) {
        finish(asked, {std::move(what.what), why, 0}, out);
        return;
      }
      begin_anew(asked, input);
      retry(asked, input, why, out);
      return;
    case error_code::no_quorum:
    case error_code::disk_full:
      on_no_quorum(asked, input, why, what.leader, out);
      return;
    default:
      if (comes_anew(asked, what.what))
        come_anew(asked, input);
      else if (decided || is_answered(asked, what))
        finish(asked, {std::move(what.what), why, 0}, out);
      else if (traits_of(why.code).retryable)
        retry(asked, input, why, out);
      else
        give_up(asked, why, out);
  }
}

/// Of a leader that is cut off, of a node that keeps no such replica any more, or of one
/// that waits for room while nobody leads. For a stale read another replica will do.
void client_machine::on_no_quorum(call& asked, const event& input, const error& why,
                                  node_id hint, effects& out) {
  want_map(input, out);
  if (is_stale_read(asked.what)) {
    follow(asked, input, {}, out);
    return;
  }
  if (hint.value == 0 || hint == asked.target)
    forget_leader(asked);
  retry(asked, input, why, out);
}

// -- routing -----------------------------------------------------------------------

void client_machine::route(call& asked, const event& input, effects& out) {
  if (std::holds_alternative<transact_call>(asked.what)) {
    route_transaction(asked, input, out);
    return;
  }
  const auto partition = map_ ? resolve(asked) : std::nullopt;
  if (!partition) {
    wait_for_map(asked, input, out);
    return;
  }
  if (is_torn(asked, *partition)) {
    give_up(asked,
            make_error(error_code::wrong_partition,
                       "what was asked of one partition has come to be several's"),
            out);
    return;
  }
  asked.partition = *partition;
  send_to(asked, is_stale_read(asked.what) ? replica_for(asked) : target_of(*partition),
          input, out);
}

void client_machine::route_transaction(call& asked, const event& input, effects& out) {
  const auto& wanted = std::get<transact_call>(asked.what);
  if (!map_ || space_missing_in(*map_, asked.what) || !put_fence(asked)) {
    wait_for_map(asked, input, out);
    return;
  }
  space_numbers numbers;
  for (const auto& name : wanted.spaces)
    numbers.push_back(map_->spaces.at(name));
  auto parts = parts_of(wanted.what, numbers, *map_);
  if (!parts) {
    give_up(asked, parts.problem(), out);
  } else if (parts->empty()) {
    give_up(asked, make_error(error_code::invalid, "a transaction that names no key"), out);
  } else if (parts->size() > 1 && (wanted.fence || !only_validates(wanted.what))) {
    if (!std::exchange(asked.is_write, true))
      number(asked, input); // of a read it is closed already, and this one takes long
    asked.is_wide = true;
    asked.partition = home_among(*parts);
    asked.as_operation.what = in_spaces(wanted.what, numbers);
    send_to(asked, target_of(asked.partition), input, out);
  } else {
    asked.rest = {};
    for (auto later = std::next(parts->begin()); later != parts->end(); ++later) {
      std::move(later->what.seen.begin(), later->what.seen.end(),
                std::back_inserter(asked.rest.seen));
      std::move(later->what.ranges.begin(), later->what.ranges.end(),
                std::back_inserter(asked.rest.ranges));
    }
    asked.partition = parts->front().partition;
    asked.as_operation.what = in_spaces(
      parts->size() == 1 ? wanted.what : std::move(parts->front().what), numbers);
    send_to(asked, target_of(asked.partition), input, out);
  }
}

void client_machine::wait_for_map(call& asked, const event& input, effects& out) {
  without_map_.insert(asked.id);
  want_map(input, out);
}

void client_machine::send_to(call& asked, node_id target, const event& input,
                             effects& out) {
  asked.attempt = next_attempt_++;
  asked.target = target;
  ++asked.attempts;
  attempts_.emplace(asked.attempt, asked.id);
  if (!asked.name)
    asked.as_operation.acked_below = mutated(mutant::acknowledge_early) && asked.is_write
                                     ? next(asked.as_operation.id.number)
                                     : numbers_.lowest_open();
  const auto left = asked.deadline > input.now ? asked.deadline - input.now : 1;
  out.push_back(send_attempt{asked.attempt, target, asked.partition, map_->epoch, seen_,
                             static_cast<std::uint32_t>(left), asked.trace,
                             asked.as_operation});
}

/// Puts the map's numbers into the operation; empty if the map lacks the space.
std::optional<partition_id> client_machine::resolve(call& asked) const {
  if (const auto* part = std::get_if<part_call>(&asked.what)) {
    asked.as_operation.what = part->what->what;
    asked.as_operation.fence = part->what->fence;
    return partition_of(part->where);
  }
  const auto* name = space_of(asked.what);
  if (!name) {
    asked.as_operation.what = as_operation_in({}, asked.what);
    return root_partition;
  }
  const auto space = map_->spaces.find(*name);
  if (space == map_->spaces.end() || !put_fence(asked))
    return std::nullopt;
  if (const auto* watching = std::get_if<watch_call>(&asked.what)) {
    asked.as_operation.what = as_operation_in(space->second, asked.what);
    return watching->partition;
  }
  const auto* range = map_->range_of(space->second, routing_key(asked.what));
  if (!range)
    return std::nullopt;
  asked.as_operation.what = as_operation_in(space->second, asked.what);
  if (auto* page = std::get_if<scan>(&asked.as_operation.what))
    if (const auto* after = map_->range_after(*range))
      page->last = page->last.empty() ? after->first : std::min(page->last, after->first);
  return range->partition;
}

std::optional<partition_id> client_machine::partition_of(const anchor& where) const {
  const auto* range = map_ ? map_->range_of(where.space, where.key) : nullptr;
  return range ? std::optional{range->partition} : std::nullopt;
}

/// What was put together by an older map goes to several partitions by this one, and a
/// partition that hasn't prepared a transaction takes how it ended for old news.
bool client_machine::is_torn(const call& asked, partition_id partition) const {
  const auto* part = std::get_if<part_call>(&asked.what);
  return part && std::any_of(part->also.begin(), part->also.end(), [&](const anchor& one) {
           return partition_of(one) != partition;
         });
}

/// False: the map lacks the space of its lock.
bool client_machine::put_fence(call& asked) const {
  const auto* fence = fence_of(asked.what);
  if (!fence)
    return true;
  const auto space = map_->spaces.find(fence->space);
  if (space == map_->spaces.end())
    return false;
  asked.as_operation.fence
    = std::make_shared<const lock_fence>(lock_fence{space->second, fence->key, fence->token});
  return true;
}

/// The leader as far as known, else each node that keeps the partition in turn.
node_id client_machine::target_of(partition_id partition) {
  if (const auto led = leaders_.find(partition); led != leaders_.end())
    return led->second;
  return next_keeper(partition);
}

node_id client_machine::next_keeper(partition_id partition) {
  const auto* group = map_ ? map_->find_partition(partition) : nullptr;
  if (!group)
    return {};
  const auto& keepers = group->members.empty() ? group->wanted : group->members;
  return keepers.empty() ? node_id{} : keepers[next_node_++ % keepers.size()];
}

/// For a stale read: the one nearby at first, then each that keeps the partition.
node_id client_machine::replica_for(const call& asked) {
  const auto* group = map_->find_partition(asked.partition);
  const bool is_near = asked.attempts == 0 && group && keeps(*group, options_.near);
  return is_near ? options_.near : next_keeper(asked.partition);
}

void client_machine::forget_leader(const call& asked) {
  if (const auto led = leaders_.find(asked.partition);
      led != leaders_.end() && led->second == asked.target)
    leaders_.erase(led);
}

client_machine::call* client_machine::end_attempt(std::uint64_t attempt) {
  const auto found = attempts_.find(attempt);
  if (found == attempts_.end())
    return nullptr;
  auto& asked = calls_.at(found->second);
  attempts_.erase(found);
  asked.attempt = 0;
  return &asked;
}

// -- trying again ------------------------------------------------------------------

/// Tries again elsewhere, uncounted. `hint` is whom the node took for the leader.
void client_machine::follow(call& asked, const event& input, node_id hint,
                            effects& out) {
  if ((hint.value == 0 || hint == asked.target) && !is_stale_read(asked.what))
    forget_leader(asked);
  go_again(asked, input, out);
}

/// At once the first time, after a growing pause when it goes in circles.
void client_machine::go_again(call& asked, const event& input, effects& out) {
  if (asked.redirects++ == 0)
    route(asked, input, out);
  else
    pause(asked, input.now + pacing_.detour(asked.redirects));
}

/// Counted, with backoff, never before the server's own hint.
void client_machine::retry(call& asked, const event& input, const error& why,
                           effects& out) {
  if (asked.retries >= options_.max_retries) {
    give_up(asked, why, out);
    return;
  }
  if (mutated(mutant::renumber_retries))
    begin_anew(asked, input);
  asked.redirects = 0;
  pause(asked, input.now + why.retry_after_ms + pacing_.backoff(asked.retries++));
}

/// A transaction that read nothing before has no quarrel with what has changed: it was in
/// the way of an older one, and may come again: as another operation, or under its name, if
/// that hasn't its answer yet.
bool client_machine::comes_anew(const call& asked, const answer& said) {
  const auto* all = std::get_if<transact_call>(&asked.what);
  const bool may = asked.name ? !said.repeated
                              : said.known == outcome::not_applied && !asked.maybe_applied;
  return may && all && asked.is_wide && said.code == error_code::transaction_conflict
         && !said.holder && all->what.seen.empty() && all->what.ranges.empty();
}

/// Uncounted: nothing went wrong, and whoever gave up after some tries would starve where
/// many want the same. With the age that it has it is the oldest at last (P13).
void client_machine::come_anew(call& asked, const event& input) {
  begin_anew(asked, input);
  asked.redirects = 0;
  pause(asked, input.now + pacing_.backoff(asked.made_way++));
}

/// Whoever coordinates knows what to do about a lock.
bool client_machine::is_answered(const call& asked, const answered& what) {
  return std::holds_alternative<part_call>(asked.what)
         && what.failure.code == error_code::ok && what.what.holder;
}

/// If no try so far was applied, the next may be another operation: the refusal that
/// is remembered of this one stands in its way no more (I2). Under a name it stays the same
/// one, whatever became of others, until another time: that makes it another attempt.
void client_machine::begin_anew(call& asked, const event& input) {
  const bool may_stand = asked.maybe_applied && !asked.name;
  if (!asked.is_write || (may_stand && !mutated(mutant::renumber_retries)))
    return;
  if (!asked.name)
    numbers_.close(asked.as_operation.id.number);
  number(asked, input);
}

void client_machine::number(call& asked, const event& input) {
  const auto now_ms = std::max(input.wall_ms, seen_.wall_ms());
  if (asked.name) {
    number_by_name(asked, now_ms);
    return;
  }
  const auto taken = numbers_.take();
  if (!asked.is_write)
    numbers_.close(taken);
  asked.as_operation.id = {options_.id, taken};
  asked.as_operation.retry_until = hlc_stamp::of(
    now_ms + std::min(asked.patience_ms + retry_grace_ms, longest_retry_ms), 0);
  auto& until = asked.as_operation.retry_until;
  if (const auto* wanted = std::get_if<acquire_call>(&asked.what); wanted && wanted->of_session)
    claims_.asked(*wanted, until);
  else if (std::holds_alternative<end_call>(asked.what))
    until = std::max(until, claims_.latest_retry()); // I7
}

void client_machine::number_by_name(call& asked, std::uint64_t now_ms) const {
  asked.as_operation.id = {asked.name->client, {asked.name->place + 1}};
  asked.as_operation.fingerprint = asked.name->fingerprint;
  asked.as_operation.retry_until = hlc_stamp::of(now_ms + name_lives_ms, 0);
}

void client_machine::pause(call& asked, time_ms until) {
  asked.pause = pauses_.emplace(until, asked.id);
}

// -- the map -----------------------------------------------------------------------

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
  ++maps_asked_;
  out.push_back(fetch_map{target_of(root_partition)});
}

// -- ending ------------------------------------------------------------------------

void client_machine::finish(call& asked, outcome_of_call how, effects& out) {
  how.attempts = asked.attempts;
  deadlines_.erase(asked.deadline_alarm);
  if (asked.pause)
    pauses_.erase(*asked.pause);
  if (asked.attempt)
    attempts_.erase(asked.attempt);
  without_map_.erase(asked.id);
  if (asked.is_write && !asked.name)
    numbers_.close(asked.as_operation.id.number);
  if (how.problem.code != error_code::ok)
    how.problem.trace_id = observe::trace_id_text(asked.trace);
  note_claim(asked, how);
  const bool is_own = ending_ && ending_->told.contains(asked.id);
  if (is_own)
    on_end_told(asked);
  const auto id = asked.id;
  calls_.erase(id);
  if (!is_own)
    out.push_back(complete{id, std::move(how)});
}

/// Ends a call without the state machine's verdict (I3).
void client_machine::give_up(call& asked, error why, effects& out) {
  const bool under_way = asked.is_write && asked.attempt != 0;
  if (asked.maybe_applied || under_way) {
    why.known = outcome::unknown;
    if (why.code != error_code::deadline)
      why.code = error_code::unknown_outcome;
  } else if (asked.name && why.code != error_code::unknown_space) {
    why.known = outcome::unknown; // of what others tried under the name
  }
  finish(asked, {{}, std::move(why), 0}, out);
}

} // namespace present::client
