#include "tools/present/workload_client.hpp"

#include "runtime/base/parse_count.hpp"
#include "runtime/edge/clock.hpp"

#include <caf/scoped_actor.hpp>

namespace present::tools {

using histories::action;
using histories::is_read;

namespace {

/// A read of all members is one page of a scan, which is one moment.
constexpr std::uint64_t members_per_set = 200;
constexpr std::uint32_t final_deadline_ms = 30'000;
constexpr std::chrono::seconds margin{10};

bool succeeded(const client::outcome_of_call& how) {
  return how.problem.code == error_code::ok;
}

bool is_conflict(const client::outcome_of_call& how) {
  return how.problem.code == error_code::version_conflict;
}

std::string text_of(const client::outcome_of_call& how) {
  return how.given.value ? *how.given.value : std::string{};
}

/// Of a key that nobody has written yet: 0.
std::int64_t number_in(const std::string& text) {
  return static_cast<std::int64_t>(parse_count(text).value_or(0));
}

bytes_ptr as_value(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

} // namespace

std::string workload_key(std::uint64_t number) {
  auto digits = std::to_string(number);
  return "key-" + std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

std::string workload_key(std::uint64_t number, std::uint64_t place) {
  return workload_key(number) + '.' + std::to_string(place);
}

workload_client::workload_client(client_session& session, const workload_plan& plan,
                                 std::uint32_t number, workload_board& board)
    : session_(session), plan_(plan), board_(board), number_(number),
      actor_(session.spawn_client()), chance_(plan.seed + number),
      deadline_ms_(plan.call_deadline_ms) {
}

std::uint64_t workload_client::sets_begun(const workload_plan& plan,
                                          const workload_board& board) {
  const auto rounds_over = board.inserted / (plan.keys * members_per_set);
  return (rounds_over + 1) * plan.keys;
}

void workload_client::run() {
  while (!board_.stopping && board_.operations < plan_.max_operations)
    step();
}

void workload_client::read_at_last(std::uint64_t number) {
  deadline_ms_ = final_deadline_ms;
  switch (plan_.kind) {
    case workload_kind::counter:
      return do_read_total(workload_key(number));
    case workload_kind::set:
      return do_read_members(set_name(number));
    default:
      return do_get(workload_key(number));
  }
}

std::uint64_t workload_client::now_ns() const {
  return edge::machine_clock().monotonic_ns();
}

client::outcome_of_call workload_client::call(client::call_kind what) {
  ++board_.operations;
  client::outcome_of_call outcome;
  caf::scoped_actor self{session_.system()};
  self->request(actor_, std::chrono::milliseconds(deadline_ms_) + margin,
                client::timed_call{std::move(what), deadline_ms_})
    .receive([&](client::outcome_of_call& answer) { outcome = std::move(answer); },
             [&](const caf::error&) {
               outcome.problem
                 = make_error(error_code::unknown_outcome, "the client didn't answer");
             });
  return outcome;
}

// -- what is done --------------------------------------------------------------------

/// One after the other under each key, so that all partitions get theirs.
std::string workload_client::set_name(std::uint64_t number) const {
  return workload_key(number % plan_.keys, number / plan_.keys);
}

void workload_client::step() {
  const auto key = draw(plan_.keys);
  switch (plan_.kind) {
    case workload_kind::counter:
      return step_counter(workload_key(key));
    case workload_kind::set:
      return step_set(sets_begun(plan_, board_) - plan_.keys + key);
    default:
      return step_register(workload_key(key));
  }
}

void workload_client::step_register(const std::string& key) {
  const auto dice = draw(4);
  if (dice == 0)
    do_put(key);
  else if (dice == 1 && last_seen_.contains(key))
    do_cas(key);
  else
    do_get(key);
}

void workload_client::step_counter(const std::string& key) {
  if (draw(2) == 0)
    do_add(key);
  else
    do_read_total(key);
}

void workload_client::step_set(std::uint64_t number) {
  const auto prefix = set_name(number);
  if (draw(2) == 0)
    do_insert(prefix);
  else
    do_read_members(prefix);
}

// -- registers: each value is written once, so a version is as good as a value ---------

void workload_client::do_get(const std::string& key) {
  const auto called = now_ns();
  const auto how = call(client::get_call{plan_.space, key});
  if (how.problem.code == error_code::not_found) {
    last_seen_.erase(key);
    return note_known(key, histories::get{}, called);
  }
  if (succeeded(how))
    last_seen_[key] = {text_of(how), how.given.version};
  note(key, histories::get{text_of(how)}, called, how);
}

void workload_client::do_put(const std::string& key) {
  const auto value = std::to_string(number_) + '-' + std::to_string(++values_);
  const auto called = now_ns();
  const auto how = call(client::put_call{plan_.space, key, as_value(value), always{}});
  if (succeeded(how))
    last_seen_[key] = {value, how.given.version};
  note(key, histories::put{value}, called, how);
}

void workload_client::do_cas(const std::string& key) {
  const auto expected = last_seen_.at(key);
  const auto value = std::to_string(number_) + '-' + std::to_string(++values_);
  const auto called = now_ns();
  const auto how = call(
    client::put_call{plan_.space, key, as_value(value), if_version{expected.version}});
  if (is_conflict(how)) {
    last_seen_.erase(key);
    return note_known(key, histories::cas{expected.value, value, false}, called);
  }
  if (succeeded(how))
    last_seen_[key] = {value, how.given.version};
  note(key, histories::cas{expected.value, value, succeeded(how)}, called, how);
}

// -- counters: a total, raised by compare-and-set ---------------------------------------

void workload_client::do_read_total(const std::string& key) {
  const auto called = now_ns();
  const auto how = call(client::get_call{plan_.space, key});
  if (how.problem.code == error_code::not_found)
    return note_known(key, histories::read_total{0}, called);
  note(key, histories::read_total{number_in(text_of(how))}, called, how);
}

/// What others write in between is a conflict, and no add: left out.
void workload_client::do_add(const std::string& key) {
  const auto before = call(client::get_call{plan_.space, key});
  const auto is_absent = before.problem.code == error_code::not_found;
  if (!succeeded(before) && !is_absent) {
    ++failed_[std::string{traits_of(before.problem.code).name}];
    return;
  }
  const auto total = number_in(text_of(before)) + 1;
  const auto when
    = is_absent ? condition{if_absent{}} : condition{if_version{before.given.version}};
  const auto called = now_ns();
  const auto how = call(
    client::put_call{plan_.space, key, as_value(std::to_string(total)), when});
  note(key, histories::add_amount{1, total}, called, how);
}

// -- sets: a member is a key of its own, and a read is a scan ---------------------------

void workload_client::do_insert(const std::string& prefix) {
  const auto member = std::to_string(number_) + '-' + std::to_string(++values_);
  ++board_.inserted;
  const auto called = now_ns();
  const auto how = call(
    client::put_call{plan_.space, prefix + '/' + member, as_value(member), if_absent{}});
  note(prefix, histories::add_member{member}, called, how);
}

void workload_client::do_read_members(const std::string& prefix) {
  const auto called = now_ns();
  // '0' follows '/'.
  const auto how = call(client::scan_call{plan_.space, prefix + '/', prefix + '0', 0, true});
  histories::read_members read;
  for (const auto& row : how.given.rows)
    read.members.push_back(row.key.substr(prefix.size() + 1));
  note(prefix, std::move(read), called, how);
}

// -- what is noted -----------------------------------------------------------------------

void workload_client::note_known(const std::string& key, action what, std::uint64_t called) {
  history_.push_back({number_ + lives_ * plan_.clients, key, std::move(what), called, now_ns()});
}

void workload_client::note(const std::string& key, action what, std::uint64_t called,
                           const client::outcome_of_call& how) {
  if (succeeded(how))
    return note_known(key, std::move(what), called);
  if (is_read(what) || how.problem.known == outcome::not_applied) {
    ++failed_[std::string{traits_of(how.problem.code).name}];
    return;
  }
  if (auto* more = std::get_if<histories::add_amount>(&what))
    more->total.reset();
  history_.push_back({number_ + lives_ * plan_.clients, key, std::move(what), called, {}});
  ++lives_;
}

} // namespace present::tools
