#include "tests/simulation/history.hpp"

#include "tests/simulation/oracle_violation.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace present::simulation {

namespace {

std::string name(std::uint64_t call) { return "call " + std::to_string(call); }

} // namespace

history::call_number history::begin(client::call_kind what, std::uint64_t now_us) {
  calls_.push_back({std::move(what), now_us});
  return calls_.size() - 1;
}

void history::tried(call_number call, const operation_id& id) {
  calls_[call].names.insert(id);
  names_.emplace(id, call);
}

void history::decided(const operation_id& id) {
  const auto found = names_.find(id);
  expect(found != names_.end(), "nothing is made up", "the log holds what nobody asked");
  if (truth_.of(id)->code != error_code::ok)
    return;
  auto& asked = calls_[found->second];
  expect(++asked.effects == 1, "exactly once (P4)", name(found->second) + " was applied twice");
  check_denied(found->second, asked);
}

void history::check_denied(call_number id, const call& asked) const {
  if (!asked.denied || asked.effects == 0)
    return;
  std::string tries;
  for (const auto& each : asked.names)
    tries += ' ' + std::to_string(each.client.value) + '/' + std::to_string(each.number.value);
  expect(false, "outcome (P5)",
         name(id) + " was reported as not applied, but is; its names:" + tries);
}

void history::completed(call_number id, space_id space, const client::outcome_of_call& how,
                        std::uint64_t now_us) {
  auto& asked = calls_[id];
  if (std::holds_alternative<client::watch_call>(asked.what))
    return check_watch(id, asked, space, how);
  const auto& why = how.problem;
  const bool writes = client::is_write(asked.what);
  const bool is_verdict = why.code == error_code::ok || client::is_verdict(how.given);
  const bool read = why.code == error_code::ok || why.code == error_code::not_found;
  if (writes)
    writes_ += why.code == error_code::ok;
  else
    reads_ += read;
  if (writes && is_verdict && how.given.id.client.value != 0)
    return saw(check_write(id, asked, how), now_us);
  if (std::holds_alternative<client::keep_call>(asked.what) && read)
    return saw(check_keep(id, asked, space, how.given), now_us);
  if (!writes && read)
    return saw(std::holds_alternative<client::get_call>(asked.what)
                 ? check_get(id, asked, space, how)
                 : check_scan(id, asked, space, how.given),
               now_us);
  if (!writes)
    return;
  if (why.known == outcome::unknown) {
    ++unknown_;
    return;
  }
  asked.denied = true;
  check_denied(id, asked);
}

/// The answer is the one that the log gave the operation.
log_index history::check_write(call_number id, const call& asked,
                               const client::outcome_of_call& how) {
  const auto* truth = truth_.of(how.given.id);
  expect(truth && asked.names.contains(how.given.id), "acknowledged write",
         name(id) + " was answered, but isn't in the log");
  const auto code = how.problem.code;
  expect(truth->code == code, "the log's answer",
         name(id) + " was answered " + std::string{traits_of(code).name} + ", not "
           + std::string{traits_of(truth->code).name});
  expect(code != error_code::ok || truth->version == how.given.version, "the log's answer",
         name(id) + " was told version " + to_string(how.given.version) + ", not "
           + to_string(truth->version));
  expect(code != error_code::ok || !std::holds_alternative<client::transact_call>(asked.what)
           || truth->otherwise == how.given.otherwise,
         "the log's answer", name(id) + " was told of the other branch");
  expect(truth->index >= seen_before(asked.began_us) || truth->index.value == 0,
         "linearizable write", name(id) + " stands before what had been seen when it began");
  return truth->index;
}

log_index history::check_get(call_number id, const call& asked, space_id space,
                             const client::outcome_of_call& how) {
  const auto& wanted = std::get<client::get_call>(asked.what);
  const reference_state::change seen{
    {}, how.given.version, how.problem.code == error_code::ok ? how.given.value : nullptr};
  const auto earlier = seen_before(asked.began_us);
  const auto index = truth_.first_held({space, wanted.key}, earlier, seen);
  expect(index.has_value(), "linearizable read",
         name(id) + " read " + (seen.value ? "'" + *seen.value + "'" : "nothing") + " under "
           + wanted.key + ", which wasn't there at " + std::to_string(earlier.value)
           + " nor later");
  return *index;
}

/// Whatever it was told, and by whichever replica: up to where its answer ends nothing is
/// missing, nothing is there twice, and nothing that isn't committed.
void history::check_watch(call_number id, const call& asked, space_id space,
                          const client::outcome_of_call& how) {
  const auto& from = std::get<client::watch_call>(asked.what).what.from;
  if (!how.given.watched)
    return;
  const auto& page = *how.given.watched;
  expect(page.next <= watch_position{next(truth_.applied()), 0}, "watched is committed",
         name(id) + " was told of index " + std::to_string(page.next.index.value));
  if (!from.is_set())
    return expect(page.changes.empty(), "watches begin now", name(id) + " heard of the past");
  const auto truth = truth_.changes_between(space, from, page.next);
  bool is_same = truth.size() == page.changes.size();
  for (std::size_t n = 0; is_same && n < truth.size(); ++n) {
    const auto& told = page.changes[n];
    is_same = told.key == truth[n].where.second && told.version == truth[n].version
              && told.is_removal == !truth[n].value
              && (!truth[n].value || (told.value && *told.value == *truth[n].value));
  }
  expect(is_same, "a watch hears all that changed, in order",
         name(id) + " heard " + std::to_string(page.changes.size()) + " changes of "
           + std::to_string(truth.size()) + " from index " + std::to_string(from.index.value)
           + " to " + std::to_string(page.next.index.value));
  watched_ += truth.size();
}

/// Who is told that it has a lock, or waits for it, did so at some moment of the call.
log_index history::check_keep(call_number id, const call& asked, space_id space,
                              const answer& given) {
  const auto& wanted = std::get<client::keep_call>(asked.what);
  const auto earlier = seen_before(asked.began_us);
  const auto index
    = truth_.first_claimed({space, wanted.key}, earlier, wanted.claim, given.version);
  expect(index.has_value() && given.otherwise == (given.version == hlc_stamp{}),
         "one holder at a time (P14)",
         name(id) + " was told that claim " + std::to_string(wanted.claim.value)
           + (given.otherwise ? " waits" : " holds the lock under " + to_string(given.version))
           + ", which wasn't so at " + std::to_string(earlier.value) + " nor later");
  return *index;
}

/// All of the page at one index.
log_index history::check_scan(call_number id, const call& asked, space_id space,
                              const answer& given) {
  std::map<std::string, reference_state::change> seen;
  for (const auto& key : truth_.keys_of(space))
    seen[key] = {};
  for (const auto& row : given.rows)
    seen[row.key] = {{}, row.version, row.value};
  auto index = seen_before(asked.began_us);
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& [key, what] : seen) {
      const auto first = truth_.first_held({space, key}, index, what);
      expect(first.has_value(), "linearizable scan",
             name(id) + " saw a page that never was there at one moment: key " + key);
      moved = moved || *first > index;
      index = *first;
    }
  }
  return index;
}

void history::saw(log_index index, std::uint64_t now_us) {
  const auto highest = answers_.empty() ? index : std::max(index, answers_.back().highest);
  answers_.push_back({now_us, highest});
}

log_index history::seen_before(std::uint64_t began_us) const {
  const auto after = std::lower_bound(
    answers_.begin(), answers_.end(), began_us,
    [](const answer_received& item, std::uint64_t at) { return item.at_us < at; });
  return after == answers_.begin() ? log_index{} : std::prev(after)->highest;
}

} // namespace present::simulation
