#include "tests/simulation/cluster/client_history.hpp"

#include "runtime/base/overloaded.hpp"
#include "tests/simulation/cluster/timeline.hpp"
#include "tools/histories/judge.hpp"

#include <algorithm>

namespace present::simulation::cluster {

namespace {

using client::call_kind;
using client::get_call;
using client::put_call;
using client::remove_call;
using client::scan_call;

/// A client's answer may be this late: its own process may not get to run at once.
constexpr std::uint64_t deadline_slack = 100 * ms;

/// The register that a call is about; of a scan: its space.
std::string place_of(const call_kind& what) {
  return std::visit(overloaded{
                      [](const create_space& c) { return "spaces/" + c.name; },
                      [](const drop_space& c) { return "spaces/" + c.name; },
                      [](const scan_call& c) { return c.space + "/"; },
                      [](const get_call& c) { return c.space + "/" + c.key; },
                      [](const put_call& c) { return c.space + "/" + c.key; },
                      [](const remove_call& c) { return c.space + "/" + c.key; },
                      [](const auto&) { return std::string{"members/"}; },
                    },
                    what);
}

/// Values are unique; large ones are padded behind a bar.
std::string name_of_value(const bytes_ptr& value) {
  return value ? value->substr(0, value->find('|')) : "";
}

/// What a successful write leaves behind.
std::optional<std::string> written_by(const call_kind& what) {
  if (const auto* put = std::get_if<put_call>(&what))
    return name_of_value(put->value);
  if (const auto* made = std::get_if<create_space>(&what))
    return "space " + made->name;
  return std::nullopt;
}

const condition* condition_of(const call_kind& what) {
  if (const auto* put = std::get_if<put_call>(&what))
    return &put->when;
  if (const auto* removal = std::get_if<remove_call>(&what))
    return &removal->when;
  return nullptr;
}

} // namespace

bool is_passable(error_code code) {
  switch (code) {
    case error_code::deadline:
    case error_code::unknown_outcome:
    case error_code::no_quorum:
    case error_code::overloaded:
    case error_code::disk_full:
    case error_code::clock_skew:
    case error_code::session_expired:
      return true;
    default:
      return false;
  }
}

bool may_end_transaction(const error& why) {
  return why.code == error_code::transaction_conflict ? why.known == outcome::not_applied
                                                      : is_passable(why.code);
}

// -- as it happens -----------------------------------------------------------------

auto client_history::called(std::uint32_t client, call_kind what, std::uint32_t deadline_ms,
                            std::uint64_t now) -> ticket {
  record asked;
  asked.client = client;
  if (!std::holds_alternative<scan_call>(what))
    registers_.insert(place_of(what));
  asked.what = std::move(what);
  asked.deadline_ms = deadline_ms;
  asked.called = now;
  records_.push_back(std::move(asked));
  ++open_;
  return records_.size() - 1;
}

void client_history::lost(ticket id) {
  auto& asked = records_[id];
  if (std::exchange(asked.is_open, false))
    --open_;
}

void client_history::answered(ticket id, const client::outcome_of_call& how,
                              std::uint64_t now) {
  auto& asked = records_[id];
  oracle_.expect(asked.is_open, "one answer", place_of(asked.what) + " was answered twice");
  asked.is_open = false;
  --open_;
  asked.code = how.problem.code;
  asked.known = how.problem.code == error_code::ok ? outcome::applied : how.problem.known;
  asked.given = how.given;
  if (asked.known != outcome::unknown || !client::is_write(asked.what))
    asked.returned = now;
  else
    ++unknown_;
  if (how.problem.code == error_code::ok)
    ++(client::is_write(asked.what) ? writes_ : reads_);
  const bool in_time = asked.deadline_ms == 0
                       || now <= asked.called + asked.deadline_ms * ms + deadline_slack;
  oracle_.expect(in_time, "deadline",
                 place_of(asked.what) + " was answered after "
                   + std::to_string((now - asked.called) / ms) + " ms, its deadline was "
                   + std::to_string(asked.deadline_ms));
  check_answer(asked);
  learn_versions(asked);
}

/// An error that this call can't get is a lie, also if nothing else contradicts it.
void client_history::check_answer(const record& asked) {
  const auto* space = client::space_of(asked.what);
  const bool is_passing = space && (passing_.contains(*space) || *space == "nowhere");
  bool may = asked.code == error_code::ok || is_passable(asked.code);
  switch (asked.code) {
    case error_code::not_found:
      may = std::holds_alternative<get_call>(asked.what)
            || std::holds_alternative<remove_call>(asked.what);
      break;
    case error_code::version_conflict:
      may = std::holds_alternative<create_space>(asked.what)
            || (condition_of(asked.what)
                && !std::holds_alternative<always>(*condition_of(asked.what)));
      break;
    case error_code::unknown_space:
      may = is_passing || std::holds_alternative<drop_space>(asked.what);
      break;
    case error_code::too_large:
    case error_code::invalid:
      may = client::routing_key(asked.what).size() > 400;
      break;
    default:
      break;
  }
  if (asked.code == error_code::ok)
    may = !(space && *space == "nowhere") && client::routing_key(asked.what).size() <= 400;
  oracle_.expect(may, "errors", place_of(asked.what) + " was answered "
                                  + std::string{traits_of(asked.code).name});
}

void client_history::learn_versions(const record& asked) {
  if (asked.code != error_code::ok)
    return;
  const auto place = place_of(asked.what);
  if (std::holds_alternative<get_call>(asked.what))
    learn(place, asked.given.version, name_of_value(asked.given.value));
  else if (const auto written = written_by(asked.what))
    learn(place, asked.given.version, *written);
  for (const auto& row : asked.given.rows)
    if (row.value)
      learn(place + row.key, row.version, name_of_value(row.value));
}

/// P2: a version is one value's, for everybody.
void client_history::learn(const std::string& place, hlc_stamp version,
                           const std::string& value) {
  const auto [known, fresh] = versions_[place].try_emplace(version, value);
  oracle_.expect(fresh || known->second == value, "versions",
                 place + " has two values of one version: " + known->second + " and " + value);
}

hlc_stamp client_history::seen_version(const std::string& space, const std::string& key) const {
  const auto found = versions_.find(space + "/" + key);
  return found == versions_.end() || found->second.empty() ? hlc_stamp{}
                                                           : found->second.rbegin()->first;
}

// -- at the end --------------------------------------------------------------------

auto client_history::value_at(const std::string& place, hlc_stamp version,
                              bool& is_known) const -> found_value {
  is_known = version.value == 0;
  if (is_known)
    return std::nullopt;
  const auto there = versions_.find(place);
  if (there == versions_.end())
    return std::nullopt;
  const auto found = there->second.find(version);
  is_known = found != there->second.end();
  return is_known ? found_value{found->second} : std::nullopt;
}

std::optional<histories::action> client_history::as_read(const record& asked) const {
  if (asked.code == error_code::ok)
    return histories::get{name_of_value(asked.given.value)};
  if (asked.code == error_code::not_found)
    return histories::get{std::nullopt};
  return std::nullopt;
}

/// It tells what is there instead, if anybody knows that version.
histories::action client_history::as_conflict(const record& asked,
                                              const found_value& expected) const {
  bool is_known = false;
  const auto actual = value_at(place_of(asked.what), asked.given.version, is_known);
  if (is_known)
    return histories::get{actual};
  return histories::cas{expected, std::nullopt, false};
}

std::optional<histories::action> client_history::as_write(const record& asked) const {
  if (asked.code == error_code::not_found || asked.code == error_code::unknown_space)
    return histories::get{std::nullopt};
  const bool may_be_applied = asked.known != outcome::not_applied;
  const auto value = written_by(asked.what);
  const auto* when = condition_of(asked.what);
  const bool makes_space = std::holds_alternative<create_space>(asked.what);
  if (!makes_space && (!when || std::holds_alternative<always>(*when)))
    return may_be_applied ? std::optional<histories::action>{histories::put{value}}
                          : std::nullopt;
  found_value expected;
  bool is_known = true;
  if (when)
    if (const auto* at = std::get_if<if_version>(when))
      expected = value_at(place_of(asked.what), at->version, is_known);
  if (asked.code == error_code::version_conflict)
    return as_conflict(asked, expected);
  if (!may_be_applied)
    return std::nullopt;
  return histories::cas{expected, value, asked.known == outcome::applied};
}

std::optional<histories::operation> client_history::as_operation(const record& asked) const {
  const auto* space = client::space_of(asked.what);
  if ((space && (passing_.contains(*space) || *space == "nowhere"))
      || client::routing_key(asked.what).size() > 400)
    return std::nullopt;
  auto what = client::is_write(asked.what) ? as_write(asked) : as_read(asked);
  if (!what)
    return std::nullopt;
  return histories::operation{asked.client, place_of(asked.what), std::move(*what),
                              asked.called, asked.returned};
}

/// A page is a read of every key that it covers.
void client_history::add_scan(const record& asked,
                              std::vector<histories::operation>& to) const {
  const auto& wanted = std::get<scan_call>(asked.what);
  if (asked.code != error_code::ok || passing_.contains(wanted.space))
    return;
  const auto& rows = asked.given.rows;
  std::map<std::string, std::string> found;
  for (const auto& row : rows)
    found.emplace(wanted.space + "/" + row.key, name_of_value(row.value));
  for (const auto& place : registers_) {
    if (!place.starts_with(wanted.space + "/"))
      continue;
    const auto key = place.substr(wanted.space.size() + 1);
    const bool beyond = asked.given.more && (rows.empty() || key > rows.back().key);
    if (key < wanted.first || (!wanted.last.empty() && key >= wanted.last) || beyond)
      continue;
    const auto there = found.find(place);
    to.push_back({asked.client, place,
                  histories::get{there == found.end() ? std::nullopt
                                                      : found_value{there->second}},
                  asked.called, asked.returned});
  }
}

std::vector<histories::operation> client_history::operations() const {
  std::vector<histories::operation> all;
  for (const auto& asked : records_) {
    if (asked.is_open)
      continue;
    if (std::holds_alternative<scan_call>(asked.what))
      add_scan(asked, all);
    else if (auto one = as_operation(asked))
      all.push_back(std::move(*one));
  }
  return all;
}

void client_history::judge() const {
  const auto verdict = histories::judge(operations());
  if (!verdict) {
    oracle_.expect(false, "history", verdict.problem().message);
    return;
  }
  std::string words = verdict->reason;
  for (const auto& one : verdict->contradiction)
    words += "\n    " + histories::describe(one);
  oracle_.expect(verdict->is == histories::ruling::linearizable, "linearizable",
                 verdict->key + ": " + words);
}

} // namespace present::simulation::cluster
