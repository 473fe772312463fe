#include "tests/simulation/simulated_client.hpp"

#include "storage/crdt/crdt_codec.hpp"

#include <algorithm>
#include <utility>

namespace present::simulation {

namespace {

constexpr std::uint64_t keys = 5;

client::settings settings_of(client_id id, std::uint64_t seed) {
  client::settings options;
  options.id = id;
  options.seed = seed;
  return options;
}

/// Its first step writes a value that no other call has.
const put_step& first_write(const transact& what) {
  return std::get<put_step>(what.then.front());
}

bool is_of(const client::call_kind& call, const operation& what) {
  if (const auto* it = std::get_if<acquire_lock>(&what.what)) {
    const auto* wanted = std::get_if<client::acquire_call>(&call);
    return wanted && wanted->claim == it->claim;
  }
  if (const auto* it = std::get_if<release_lock>(&what.what)) {
    const auto* wanted = std::get_if<client::release_call>(&call);
    return wanted && wanted->claim == it->claim;
  }
  if (const auto* it = std::get_if<transact>(&what.what)) {
    const auto* wanted = std::get_if<client::transact_call>(&call);
    return wanted && first_write(wanted->what).value == first_write(*it).value;
  }
  if (const auto* it = std::get_if<put>(&what.what)) {
    const auto* wanted = std::get_if<client::put_call>(&call);
    return wanted && wanted->value == it->value;
  }
  const auto* wanted = std::get_if<client::remove_call>(&call);
  return wanted && wanted->key == std::get<remove_key>(what.what).key;
}

} // namespace

simulated_client::simulated_client(std::uint32_t number, schedule& time, history& seen,
                                   client_surroundings& outside)
    : clock(time.random.below(1'000'000)), number_(number),
      width_(static_cast<std::uint32_t>(time.random.between(1, 4))),
      busy_us_(time.random.between(2'000, 60'000)), time_(time), seen_(seen),
      outside_(outside),
      machine_(std::make_unique<client::client_machine>(settings_of(id(), time.random.next()))) {
}

void simulated_client::start() {
  calling_ = true;
  for (std::uint32_t place = 0; place < width_; ++place)
    next_call();
  watch_on({});
}

/// All of the space, from where the last answer ended; half of them where they come to.
void simulated_client::watch_on(watch_position from) {
  client::watch_call call{space_name, simulated_node::partition, {}};
  call.what.is_prefix = true;
  call.what.from = from;
  call.what.wait_ms = from.is_set() ? static_cast<std::uint32_t>(time_.random.between(10, 1500)) : 0;
  call.what.stale = number_ % 2 == 0;
  call_once(std::move(call), call.what.wait_ms + 1000);
}

void simulated_client::next_call() {
  time_.after(time_.random.below(busy_us_), [this] {
    if (!calling_)
      return;
    if (time_.random.chance(6)) // its program ends, and another begins
      hear(client::session_closing{static_cast<std::uint32_t>(time_.random.between(50, 1500))});
    call_once(choose_call(), static_cast<std::uint32_t>(time_.random.between(300, 3000)));
  });
}

void simulated_client::call_once(client::call_kind what, std::uint32_t deadline_ms) {
  const auto id = ++last_call_;
  calls_[id] = {seen_.begin(what, time_.now_us()), what};
  hear(client::called{id, std::move(what), deadline_ms});
}

client::call_kind simulated_client::choose_call() {
  const auto key = "k" + std::to_string(time_.random.below(keys));
  const auto kind = time_.random.below(100);
  if (kind < 40)
    return client::get_call{space_name, key};
  if (kind < 48)
    return client::scan_call{space_name, "", "", 0, false};
  const bool removes = std::any_of(calls_.begin(), calls_.end(), [&](const auto& open) {
    const auto* other = std::get_if<client::remove_call>(&open.second.what);
    return other && other->key == key;
  });
  if (kind >= 98) {
    auto put = std::get<client::put_call>(put_of(key));
    put.space = foreign_space_name;
    return put;
  }
  if (kind >= 90)
    return transaction_of(key);
  if (kind >= 72)
    return lock_call();
  if (kind >= 66)
    return time_.random.chance(500) ? contested_call() : delta_call();
  // Two removals of one key could not be told apart.
  if (kind < 56 && !removes)
    return client::remove_call{space_name, key, choose_condition(key)};
  return put_of(key);
}

client::call_kind simulated_client::put_of(const std::string& key) {
  auto value = std::make_shared<const std::string>(
    std::to_string(number_) + "." + std::to_string(++last_value_)
    + std::string(time_.random.below(40), '-'));
  return client::put_call{space_name, key, std::move(value), choose_condition(key)};
}

/// Of writers who don't know what is there: by a version that was read, by a stamp of their
/// own, or a look at what came of it.
client::call_kind simulated_client::contested_call() {
  const auto key = "l" + std::to_string(time_.random.below(2));
  if (time_.random.chance(300))
    return client::get_call{last_space_name, key};
  auto put = std::get<client::put_call>(put_of(key));
  put.space = last_space_name;
  put.when = always{};
  const auto known = versions_.find(key);
  if (time_.random.chance(500))
    put.knows.base = known == versions_.end() ? hlc_stamp{} : known->second;
  else
    // Stamps near each other, and some of them twice.
    put.knows.at = storage::authorship{
      hlc_stamp::of(clock.wall_ms(time_.now_us()) - time_.random.below(100), 0),
      time_.random.below(3)};
  return put;
}

client::call_kind simulated_client::delta_call() {
  if (time_.random.chance(300))
    return client::get_call{joined_space_name, "c"};
  return client::put_call{joined_space_name, "c", next_delta(), always{}};
}

bytes_ptr simulated_client::next_delta() {
  const auto delta = *counted_.add({number_ + 1}, 1 + time_.random.below(5));
  counted_.join(delta);
  return std::make_shared<const std::string>(crdt::encode_stored(delta));
}

space_id simulated_client::space_named(const client::call_kind& what) {
  const auto* name = client::space_of(what);
  if (name && *name == last_space_name)
    return last_space;
  return name && *name == joined_space_name ? joined_space : space;
}

/// Two keys at once, or neither: if one of them is as it was seen. Or two if it compares
/// like that, and another if it doesn't.
client::call_kind simulated_client::transaction_of(const std::string& key) {
  const auto other = "k" + std::to_string(time_.random.below(keys));
  const auto value = std::get<client::put_call>(put_of(key)).value;
  client::transact_call call{{space_name, last_space_name, joined_space_name}, {}};
  const auto known = versions_.find(other);
  if (known != versions_.end() && time_.random.chance(350)) {
    call.what.seen = {{{0}, other, known->second}};
  } else if (known != versions_.end() && time_.random.chance(350)) {
    call.what.compare = {{{0}, other, relation::equal, known->second}};
    call.what.otherwise = {put_step{{0}, "k" + std::to_string(time_.random.below(keys)), value}};
  }
  call.what.then = {put_step{{0}, key, value}, get_step{{0}, other}};
  if (time_.random.chance(200))
    call.what.then.push_back(remove_step{{0}, other});
  else
    call.what.then.push_back(put_step{{0}, other, value});
  if (time_.random.chance(250)) // into spaces with rules, beside those without
    call.what.then.push_back(put_step{{1}, "l" + std::to_string(time_.random.below(2)), value});
  if (time_.random.chance(250))
    call.what.then.push_back(put_step{{2}, "c", next_delta()});
  return call;
}

/// All clients want the same lock; they keep it, wait for it, give it back, forget it,
/// and write under it, also when it is long gone.
client::call_kind simulated_client::lock_call() {
  const auto kind = time_.random.below(100);
  if (token_ != hlc_stamp{} && kind < 40) {
    auto put = std::get<client::put_call>(put_of("k0"));
    put.when = always{};
    put.fence = client::fence_name{space_name, "lock", token_};
    return put;
  }
  if (claim_ == claim_id{} || kind < 45) {
    claim_ = {number_ * 1'000'000ull + ++claims_};
    return client::acquire_call{space_name, "lock", claim_,
                                static_cast<std::uint32_t>(time_.random.between(200, 1500)),
                                time_.random.chance(800), "", nullptr,
                                time_.random.chance(700)};
  }
  if (kind < 85)
    return client::keep_call{space_name, "lock", claim_,
                             static_cast<std::uint32_t>(time_.random.below(250))};
  return client::release_call{space_name, "lock", std::exchange(claim_, claim_id{})};
}

void simulated_client::note_lock(const client::call_kind& what,
                                 const client::outcome_of_call& how) {
  const auto* acquired = std::get_if<client::acquire_call>(&what);
  const auto* kept = std::get_if<client::keep_call>(&what);
  if (!acquired && !kept)
    return;
  const auto claim = acquired ? acquired->claim : kept->claim;
  if (how.problem.code == error_code::ok && !how.given.otherwise)
    token_ = how.given.version;
  else if (how.problem.code != error_code::ok && claim == claim_)
    claim_ = {};
}

condition simulated_client::choose_condition(const std::string& key) {
  if (!time_.random.chance(300))
    return always{};
  const auto known = versions_.find(key);
  if (known == versions_.end() || time_.random.chance(300))
    return if_absent{};
  return if_version{known->second};
}

// -- the machine ----------------------------------------------------------------------

void simulated_client::hear(client::event_kind what) {
  const auto now_us = time_.now_us();
  client::effects wanted;
  machine_->step({clock.monotonic_ms(now_us), clock.wall_ms(now_us), std::move(what)}, wanted);
  for (auto& effect : wanted)
    std::visit([this](auto& it) { perform(it); }, effect);
  if (std::exchange(has_ended_, false))
    begin_session();
  arm();
}

/// What is under way of the one before is nobody's any more. The lock is remembered.
void simulated_client::begin_session() {
  ++sessions_;
  sent_.clear();
  gathered_.clear();
  machine_ = std::make_unique<client::client_machine>(settings_of(id(), time_.random.next()));
}

void simulated_client::arm() {
  const auto wake = machine_->next_wake();
  if (!wake)
    return;
  const auto due = clock.due_us(*wake, time_.now_us());
  if (armed_us_ != 0 && armed_us_ <= due)
    return;
  armed_us_ = due;
  time_.at(due, [this, due] {
    if (armed_us_ != due)
      return;
    armed_us_ = 0;
    hear(client::time_passed{});
  });
}

void simulated_client::perform(client::send_attempt& what) {
  note_name(what.what);
  if (what.what.may_wait()) { // travels alone, as over the product's link
    send(what.to, {what});
    return;
  }
  auto& queue = gathered_[what.to];
  queue.push_back(std::move(what));
  if (queue.size() == 1)
    time_.after(time_.random.below(200), [this, to = queue.front().to] { flush(to); });
}

/// The machine numbers operations by itself, and tries one under several names.
void simulated_client::note_name(const operation& what) {
  if (what.is_read())
    return;
  if (std::holds_alternative<end_session>(what.what)) {
    if (ends_.insert(what.id).second) // the machine's own call
      seen_.tried(seen_.begin(client::end_call{space_name, "lock"}, time_.now_us()), what.id);
    return;
  }
  for (const auto& [id, open] : calls_)
    if (is_of(open.what, what))
      return seen_.tried(open.number, what.id);
}

void simulated_client::flush(node_id to) {
  const auto queue = std::move(gathered_[to]);
  gathered_.erase(to);
  if (!queue.empty()) // else its session has ended since
    send(to, queue);
}

void simulated_client::send(node_id to, const std::vector<client::send_attempt>& queue) {
  auto asked = std::make_shared<request>();
  sent_request sent{to, {}};
  asked->partition = queue.front().partition;
  asked->epoch = queue.front().epoch;
  for (const auto& each : queue) {
    asked->seen = std::max(asked->seen, each.seen);
    asked->deadline_ms = std::max(asked->deadline_ms, each.deadline_ms);
    asked->operations.push_back(each.what);
    sent.attempts.push_back(each.attempt);
  }
  sent_.emplace(++last_number_, std::move(sent));
  outside_.ask({number_, last_number_}, to, std::move(asked));
}

void simulated_client::perform(client::fetch_map& what) {
  outside_.fetch_map(number_, what.from);
}

void simulated_client::perform(client::complete& what) {
  const auto found = calls_.find(what.id);
  const auto call = std::move(found->second);
  calls_.erase(found);
  if (const auto* read = std::get_if<client::get_call>(&call.what);
      read && what.how.problem.code == error_code::ok)
    versions_[read->key] = what.how.given.version;
  note_lock(call.what, what.how);
  seen_.completed(call.number, space_named(call.what), what.how, time_.now_us());
  if (const auto* watched = std::get_if<client::watch_call>(&call.what)) {
    const auto& page = what.how.given.watched;
    const bool begins_anew = what.how.problem.code == error_code::too_old;
    const auto from = page ? page->next : begins_anew ? watch_position{} : watched->what.from;
    time_.after(1'000 + time_.random.below(5'000), [this, from] {
      if (calling_)
        watch_on(from);
    });
    return;
  }
  if (calling_)
    next_call();
}

// -- its links --------------------------------------------------------------------------

void simulated_client::take_reply(std::uint64_t number, const response& what) {
  const auto found = sent_.find(number);
  if (found == sent_.end())
    return; // its connection went before
  const auto attempts = std::move(found->second.attempts);
  sent_.erase(found);
  const auto session = sessions_;
  for (std::size_t place = 0; place < attempts.size() && session == sessions_; ++place) {
    client::answered one{attempts[place], {}, what.failure, what.stamp, what.epoch,
                         what.leader};
    if (what.failure.code == error_code::ok)
      one.what = what.answers.at(place);
    hear(std::move(one));
  }
}

void simulated_client::lose(std::uint64_t number, bool never_sent) {
  const auto found = sent_.find(number);
  if (found == sent_.end())
    return;
  const auto attempts = std::move(found->second.attempts);
  sent_.erase(found);
  const auto session = sessions_;
  for (const auto attempt : attempts)
    if (session == sessions_)
      hear(client::attempt_lost{attempt, never_sent});
}

std::vector<std::uint64_t> simulated_client::under_way_at(node_id node) const {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, request] : sent_)
    if (request.to == node)
      numbers.push_back(number);
  return numbers;
}

} // namespace present::simulation
