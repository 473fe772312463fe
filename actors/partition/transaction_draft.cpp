#include "actors/partition/transaction_draft.hpp"

#include "actors/partition/answers.hpp"
#include "actors/partition/contested_write.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/sound_state.hpp"
#include "actors/partition/step_change.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/overloaded.hpp"

#include <algorithm>

namespace present::partition {

using storage::record_key;
using storage::value_record;

namespace {

std::string quoted(std::string_view key) {
  return "'" + std::string{key} + "'";
}

answer changed_answer(std::string_view key, hlc_stamp read, hlc_stamp there) {
  auto given = refused_answer(error_code::transaction_conflict,
                              quoted(key) + " was read at version " + std::to_string(read.value)
                                + " and is at " + std::to_string(there.value)
                                + " now (0 is absent)");
  given.version = there;
  given.conflict = conflict::note{conflict::conflict_kind::read_write,
                                  conflict::outcome_kind::refuse};
  return given;
}

answer unjudged_answer() {
  return refused_answer(error_code::overloaded,
                        "what is there changed while the spaces' rules were asked");
}

/// Valid as long as `found`.
std::optional<std::string_view> view_of(const std::optional<value_record>& found) {
  return is_there(found) ? std::optional{found->view()} : std::nullopt;
}

template <class T>
bool stands(const T& there, relation is, const T& to) {
  switch (is) {
    case relation::equal:
      return there == to;
    case relation::not_equal:
      return there != to;
    case relation::less:
      return there < to;
    case relation::greater:
      return there > to;
  }
  return false;
}

/// An end before the beginning is nothing, not an error of whoever reads it.
record_key end_of(space_id space, const std::string& last) {
  return last.empty() ? record_key::end_of(space) : record_key::value(space, last);
}

storage::value_ptr bytes_or_empty(storage::value_ptr bytes) {
  static const auto empty = std::make_shared<const std::string>();
  return bytes ? std::move(bytes) : empty;
}

} // namespace

answer transaction_draft::work_out(const transact& what, std::size_t most_bytes, bool fails) {
  if (auto refused = check_seen(what))
    return *refused;
  const bool otherwise = fails || !holds(what);
  auto given = work_out_branch(otherwise ? what.otherwise : what.then, most_bytes,
                               &what.findings_of(otherwise));
  given.otherwise = otherwise && given.code == error_code::ok;
  return given;
}

answer transaction_draft::work_out_branch(const std::vector<step>& steps,
                                          std::size_t most_bytes,
                                          const branch_findings* found) {
  if (auto refused = run(steps, most_bytes))
    return *refused;
  if (auto refused = found ? check_rules(*found) : std::nullopt)
    return *refused;
  auto given = applied_answer(stamp_);
  given.steps = results();
  return given;
}

void transaction_draft::install(storage::state& table) const {
  for (const auto& [key, written] : writes_)
    table.put(key, value_record{stamp_, written.tombstone, written.bytes});
}

// -- what was read -------------------------------------------------------------------

/// Names the first that has changed.
std::optional<answer> transaction_draft::check_seen(const transact& what) const {
  if (mutated(mutant::skip_read_validation))
    return std::nullopt;
  for (const auto& key : what.seen) {
    const auto found = stored(key.space, key.key);
    const auto there = is_there(found) ? found->version : hlc_stamp{};
    if (there != key.version)
      return changed_answer(key.key, key.version, there);
  }
  for (const auto& range : what.ranges)
    if (auto refused = check_range(range))
      return refused;
  return std::nullopt;
}

/// Ends at the first difference, so a range that grew costs no more than what was seen.
std::optional<answer> transaction_draft::check_range(const seen_range& what) const {
  auto expected = what.rows.begin();
  std::optional<answer> refused;
  auto visited = table_.visit(
    record_key::value(what.space, what.first), end_of(what.space, what.last),
    [&](storage::row&& row) {
      const auto& value = std::get<value_record>(row.what);
      if (value.tombstone)
        return true;
      const auto key = row.key.user_key();
      if (expected == what.rows.end() || expected->key > key)
        refused = changed_answer(key, {}, value.version);
      else if (expected->key < key)
        refused = changed_answer(expected->key, expected->version, {});
      else if (expected->version != value.version)
        refused = changed_answer(key, expected->version, value.version);
      else
        ++expected;
      return !refused;
    });
  sound(visited);
  if (!refused && expected != what.rows.end())
    refused = changed_answer(expected->key, expected->version, {});
  return refused;
}

bool transaction_draft::holds(const transact& what) const {
  return std::all_of(what.compare.begin(), what.compare.end(),
                     [&](const comparison& one) { return holds(one); });
}

bool transaction_draft::holds(const comparison& what) const {
  const auto found = stored(what.space, what.key);
  if (const auto* version = std::get_if<hlc_stamp>(&what.to))
    return stands(is_there(found) ? found->version : hlc_stamp{}, what.is, *version);
  return is_there(found)
         && stands(found->view(), what.is, std::string_view{std::get<std::string>(what.to)});
}

transaction_draft::found_value transaction_draft::stored(space_id space,
                                                         std::string_view key) const {
  auto found = table_.get_as<value_record>(record_key::value(space, key));
  return sound(found);
}

/// As the next step sees it (D2).
transaction_draft::found_value transaction_draft::find(const record_key& key) const {
  if (const auto written = writes_.find(key); written != writes_.end())
    return value_record{stamp_, written->second.tombstone, written->second.bytes};
  auto found = table_.get_as<value_record>(key);
  return sound(found);
}

// -- what is done --------------------------------------------------------------------

std::optional<answer> transaction_draft::run(const std::vector<step>& steps,
                                             std::size_t most_bytes) {
  results_.reserve(steps.size());
  for (std::size_t place = 0; place < steps.size(); ++place) {
    at_step_ = static_cast<std::uint32_t>(place);
    auto refused = std::visit([&](const auto& what) { return run(what); }, steps[place]);
    if (!refused && result_bytes_ > most_bytes)
      refused = refused_answer(error_code::too_large,
                               "reads over " + std::to_string(most_bytes)
                                 + " bytes together: ask for fewer keys");
    if (refused) {
      refused->message = "step " + std::to_string(place) + ": " + refused->message;
      return refused;
    }
  }
  return std::nullopt;
}

std::optional<answer> transaction_draft::run(const get_step& what) {
  const auto found = find(record_key::value(what.space, what.key));
  storage::step_result given;
  if (is_there(found)) {
    given.version = found->version;
    given.value = bytes_or_empty(found->bytes);
    result_bytes_ += given.value->size();
  } else {
    given.code = error_code::not_found;
  }
  results_.push_back(std::move(given));
  return std::nullopt;
}

std::optional<answer> transaction_draft::run(const scan_step& what) {
  storage::step_result page;
  const auto limit = what.limit ? what.limit : bounds::max_scan_page;
  const auto first = record_key::value(what.space, what.first);
  const auto last = end_of(what.space, what.last);
  const auto take = [&](const record_key& key, const value_record& value) {
    if (value.tombstone)
      return true;
    page.more = page.rows.size() >= limit;
    if (page.more)
      return false;
    page.rows.push_back({std::string{key.user_key()}, value.version,
                         what.keys_only ? nullptr : bytes_or_empty(value.bytes)});
    result_bytes_ += key.user_key().size() + (what.keys_only ? 0 : value.view().size());
    return result_bytes_ <= bounds::max_request; // beyond it is refused anyway
  };
  // What this transaction wrote stands among the rows of the state, and for them.
  auto own = writes_.lower_bound(first);
  const auto own_end = writes_.lower_bound(last);
  const auto take_own = [&] {
    const auto& [key, written] = *own++;
    return take(key, {stamp_, written.tombstone, written.bytes});
  };
  bool goes_on = first < last;
  if (goes_on) {
    auto visited = table_.visit(first, last, [&](storage::row&& row) {
      while (goes_on && own != own_end && own->first < row.key)
        goes_on = take_own();
      if (goes_on && own != own_end && own->first == row.key)
        goes_on = take_own();
      else if (goes_on)
        goes_on = take(row.key, std::get<value_record>(row.what));
      return goes_on;
    });
    sound(visited);
  }
  while (goes_on && own != own_end)
    goes_on = take_own();
  results_.push_back(std::move(page));
  return std::nullopt;
}

std::optional<answer> transaction_draft::run(const put_step& what) {
  auto key = record_key::value(what.space, what.key);
  if (const auto* rules = rules_of(rules_, what.space); rules && joins_all(*rules)) {
    const auto found = find(key);
    return change(key, joined(view_of(found), what.value ? std::string_view{*what.value} : ""),
                  false);
  }
  put_down(std::move(key), false, what.value);
  results_.push_back({error_code::ok, stamp_, nullptr, {}, false});
  return std::nullopt;
}

std::optional<answer> transaction_draft::run(const remove_step& what) {
  auto key = record_key::value(what.space, what.key);
  if (!is_there(find(key))) {
    results_.push_back({error_code::not_found, {}, nullptr, {}, false});
    return std::nullopt;
  }
  put_down(std::move(key), true, nullptr);
  results_.push_back({error_code::ok, stamp_, nullptr, {}, false});
  return std::nullopt;
}

std::optional<answer> transaction_draft::run(const number_step& what) {
  if (auto refused = refusal_of_change(what.space, what.key))
    return refused;
  const auto key = record_key::value(what.space, what.key);
  const auto found = find(key);
  return change(key, changed_by(what, view_of(found)), true);
}

std::optional<answer> transaction_draft::run(const element_step& what) {
  if (auto refused = refusal_of_change(what.space, what.key))
    return refused;
  const auto key = record_key::value(what.space, what.key);
  const auto found = find(key);
  const auto there = view_of(found);
  if (!changes_nothing(what, there))
    return change(key, changed_by(what, there), false);
  results_.push_back({error_code::not_found, {}, nullptr, {}, false});
  return std::nullopt;
}

/// The result has the new value if `tells`.
std::optional<answer> transaction_draft::change(const record_key& key,
                                                result<std::string> made, bool tells) {
  if (!made)
    return refused_answer(made.problem().code,
                          quoted(key.user_key()) + ": " + made.problem().message);
  if (made->size() > bounds::max_value)
    return refused_answer(error_code::too_large,
                          quoted(key.user_key()) + ": " + std::to_string(made->size())
                            + " bytes with that; the limit of a value is "
                            + std::to_string(bounds::max_value));
  auto bytes = std::make_shared<const std::string>(std::move(*made));
  if (tells)
    result_bytes_ += bytes->size();
  results_.push_back({error_code::ok, stamp_, tells ? bytes : nullptr, {}, false});
  put_down(key, false, std::move(bytes));
  return std::nullopt;
}

void transaction_draft::put_down(record_key key, bool tombstone, storage::value_ptr bytes) {
  writes_[std::move(key)] = {tombstone, std::move(bytes), at_step_};
}

/// Integers, lists and sets can't be joined.
std::optional<answer> transaction_draft::refusal_of_change(space_id space,
                                                           const std::string& key) const {
  const auto* rules = rules_of(rules_, space);
  if (!rules || !joins_all(*rules))
    return std::nullopt;
  return refused_answer(error_code::invalid,
                        quoted(key) + ": the space keeps CRDTs, which are changed by puts of "
                          "deltas, and not in place");
}

// -- rules ---------------------------------------------------------------------------

/// D4. What a key comes to depends on the steps and on what is there alone: at the same
/// version, it is the value that was judged.
std::optional<answer> transaction_draft::check_rules(const branch_findings& found) const {
  if (rules_.empty())
    return std::nullopt;
  std::size_t judged = 0;
  const auto is_judged_now = [&](const judged_write& now) {
    return judged < found.writes.size()
           && (found.writes[judged] == now || mutated(mutant::trust_old_findings));
  };
  for (const auto& [key, written] : writes_) {
    const auto* rules = rules_of(rules_, key.space());
    if (!rules || !is_judged(*rules))
      continue;
    const auto there = stored(key.space(), key.user_key());
    if (!is_judged_now({written.step, is_there(there) ? there->version : hlc_stamp{}}))
      return unjudged_answer();
    if (++judged == found.writes.size())
      if (auto refused = refusal_of_judged(*rules, key.user_key(), found.found))
        return refused;
  }
  return judged == found.writes.size() ? std::nullopt : std::optional{unjudged_answer()};
}

/// Null if they are what follows from the stamp: each wrote.
storage::step_results transaction_draft::results() const {
  const storage::step_result plain{error_code::ok, stamp_, nullptr, {}, false};
  const bool follow = std::all_of(results_.begin(), results_.end(),
                                  [&](const auto& one) { return one == plain; });
  return follow ? nullptr : std::make_shared<const std::vector<storage::step_result>>(results_);
}

} // namespace present::partition
