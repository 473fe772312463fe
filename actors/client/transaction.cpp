#include "actors/client/transaction.hpp"

#include "actors/client/key_range.hpp"
#include "actors/client/pacing.hpp"
#include "actors/partition/step_change.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/overloaded.hpp"
#include "storage/typed_value.hpp"

#include <algorithm>
#include <exception>

namespace present {

namespace {

std::optional<std::string_view> view_of(const std::optional<std::string>& value) {
  return value ? std::optional<std::string_view>{*value} : std::nullopt;
}

/// Whether what was there before doesn't matter to the step.
bool rewrites(const step& what) {
  return std::holds_alternative<put_step>(what) || std::holds_alternative<remove_step>(what);
}

/// At least 1: a patience of 0 is the default one.
std::uint32_t left_until(time_ms deadline, transaction_door& door) {
  const auto now = door.now();
  return now < deadline ? static_cast<std::uint32_t>(deadline - now) : 1;
}

error other_type(const std::string& key, std::string_view there, const char* wanted) {
  return make_error(error_code::invalid, "'" + key + "': the key has "
                                           + std::string{storage::type_name(there)} + ", not "
                                           + wanted);
}

std::string text_of(const bytes_ptr& value) {
  return value ? *value : std::string{};
}

} // namespace

// -- reading -------------------------------------------------------------------------

space_id transaction::number_of(const std::string& space) {
  return client::place_in(spaces_, space);
}

void transaction::fail(error why) {
  if (!has_failed())
    problem_ = std::move(why);
}

std::optional<std::string> transaction::get(const std::string& space, const std::string& key) {
  if (has_failed())
    return std::nullopt;
  const place where{number_of(space), key};
  return with_own_steps(where, is_rewritten(where) ? std::nullopt : read_base(where));
}

bool transaction::is_rewritten(const place& where) const {
  const auto own = own_.find(where);
  return own != own_.end()
         && std::any_of(own->second.begin(), own->second.end(),
                        [&](std::size_t each) { return rewrites(steps_[each]); });
}

std::optional<std::string> transaction::read_base(const place& where) {
  if (const auto known = read_.find(where); known != read_.end())
    return known->second; // T2
  const auto how
    = door_.ask(client::get_call{spaces_[where.first.value], where.second}, left_until(deadline_, door_));
  std::optional<std::string> value;
  hlc_stamp version;
  if (how.problem.code == error_code::ok) {
    value = text_of(how.given.value);
    version = how.given.version;
  } else if (how.problem.code != error_code::not_found) {
    fail(how.problem);
    return std::nullopt;
  }
  seen_.push_back({where.first, where.second, version});
  read_[where] = value;
  return value;
}

/// T1.
std::optional<std::string> transaction::with_own_steps(const place& where,
                                                       std::optional<std::string> base) {
  const auto own = own_.find(where);
  if (own == own_.end())
    return base;
  const auto change = [&](const auto& what) {
    auto made = changed_by(what, view_of(base));
    if (made)
      base = std::move(*made);
    else
      fail(make_error(made.problem().code, "'" + where.second + "': " + made.problem().message));
  };
  for (const auto each : own->second)
    std::visit(overloaded{
                 [&](const put_step& s) { base = text_of(s.value); },
                 [&](const remove_step&) { base = std::nullopt; },
                 [&](const number_step& s) { change(s); },
                 [&](const element_step& s) {
                   if (!changes_nothing(s, view_of(base)))
                     change(s);
                 },
                 [](const auto&) {},
               },
               steps_[each]);
  return base;
}

std::vector<transaction_row> transaction::scan(const std::string& space,
                                               const std::string& first,
                                               const std::string& last, std::uint32_t limit) {
  std::map<std::string, std::string> rows;
  seen_range seen{number_of(space), first, last, {}};
  const auto most = limit ? limit : static_cast<std::uint32_t>(bounds::max_transaction_keys);
  bool more = !has_failed() && (last.empty() || first < last);
  for (auto from = first; more;) {
    const auto wanted = std::min<std::size_t>(most - seen.rows.size(), bounds::max_scan_page);
    auto how = door_.ask(client::scan_call{space, from, last, static_cast<std::uint32_t>(wanted)},
                         left_until(deadline_, door_));
    if (how.problem.code != error_code::ok) {
      fail(how.problem);
      return {};
    }
    for (auto& row : how.given.rows) {
      rows[row.key] = text_of(row.value);
      seen.rows.push_back({row.key, row.version});
    }
    more = how.given.more && !how.given.rows.empty();
    if (more)
      from = next_key(seen.rows.back().key);
    if (more && seen.rows.size() >= most) {
      seen.last = from; // nothing is known of what comes after
      more = false;
    }
  }
  const auto [from, to] = std::pair{seen.first, seen.last};
  if (!has_failed())
    ranges_.push_back(std::move(seen));
  merge_own_writes(number_of(space), from, to, rows);
  std::vector<transaction_row> given;
  for (auto& [key, value] : rows)
    given.push_back({key, std::move(value)});
  return given;
}

/// T1, in a range that was read.
void transaction::merge_own_writes(space_id space, const std::string& first,
                                   const std::string& last,
                                   std::map<std::string, std::string>& rows) {
  for (auto own = own_.lower_bound({space, first});
       own != own_.end() && own->first.first == space
       && (last.empty() || own->first.second < last);
       ++own) {
    const auto& key = own->first.second;
    const auto there = rows.find(key);
    auto value = with_own_steps(own->first, there == rows.end()
                                              ? std::nullopt
                                              : std::optional{there->second});
    if (value)
      rows[key] = std::move(*value);
    else
      rows.erase(key);
  }
}

std::optional<std::int64_t> transaction::number(const std::string& space,
                                                const std::string& key) {
  const auto value = get(space, key);
  if (!value)
    return std::nullopt;
  const auto typed = storage::decode_typed(*value);
  const auto* number = typed ? std::get_if<storage::integer_value>(&*typed) : nullptr;
  if (number)
    return number->number;
  fail(other_type(key, *value, "an integer"));
  return std::nullopt;
}

std::vector<std::string> transaction::elements(const std::string& space,
                                               const std::string& key) {
  const auto value = get(space, key);
  if (!value)
    return {};
  auto typed = storage::decode_typed(*value);
  if (auto* list = typed ? std::get_if<storage::list_value>(&*typed) : nullptr)
    return std::move(list->elements);
  if (auto* set = typed ? std::get_if<storage::set_value>(&*typed) : nullptr)
    return std::move(set->elements);
  fail(other_type(key, *value, "a list or a set"));
  return {};
}

// -- writing -------------------------------------------------------------------------

transaction& transaction::add_step(step what) {
  std::visit(
    [&](const auto& one) {
      if constexpr (requires { one.key; })
        own_[{one.space, one.key}].push_back(steps_.size());
    },
    what);
  steps_.push_back(std::move(what));
  return *this;
}

transaction& transaction::put(const std::string& space, const std::string& key,
                              std::string value) {
  return add_step(put_step{number_of(space), key,
                           std::make_shared<const std::string>(std::move(value))});
}
transaction& transaction::remove(const std::string& space, const std::string& key) {
  return add_step(remove_step{number_of(space), key});
}
transaction& transaction::add(const std::string& space, const std::string& key,
                              std::int64_t operand) {
  return add_step(number_step{number_of(space), key, number_change::add, operand});
}
transaction& transaction::at_most(const std::string& space, const std::string& key,
                                  std::int64_t bound) {
  return add_step(number_step{number_of(space), key, number_change::min, bound});
}
transaction& transaction::at_least(const std::string& space, const std::string& key,
                                   std::int64_t bound) {
  return add_step(number_step{number_of(space), key, number_change::max, bound});
}
transaction& transaction::append(const std::string& space, const std::string& key,
                                 std::string element) {
  return add_step(
    element_step{number_of(space), key, element_change::append, std::move(element)});
}
transaction& transaction::insert(const std::string& space, const std::string& key,
                                 std::string element) {
  return add_step(
    element_step{number_of(space), key, element_change::insert, std::move(element)});
}
transaction& transaction::take_out(const std::string& space, const std::string& key,
                                   std::string element) {
  return add_step(
    element_step{number_of(space), key, element_change::take_out, std::move(element)});
}

std::optional<client::transact_call>
transaction::ending(hlc_stamp start, bool with_steps,
                    const std::optional<client::fence_name>& fence) const {
  client::transact_call call{spaces_, {start, seen_, ranges_, {}, {}, {}}};
  if (with_steps)
    call.what.then = steps_;
  // One read of one key was true when it was made; a fence is to be judged all the same.
  const std::size_t needs_no_word = fence ? 0 : 1;
  if (call.what.then.empty() && ranges_.empty() && seen_.size() <= needs_no_word)
    return std::nullopt;
  call.fence = fence;
  return call;
}

// -- running -------------------------------------------------------------------------

namespace {

/// How one try ended.
struct attempt {
  std::optional<error> problem;
  std::exception_ptr thrown;
  hlc_stamp version;
};

attempt try_once(transaction_door& door, const transaction_work& work, time_ms deadline,
                 hlc_stamp start, const transaction_options& options) {
  transaction t{door, deadline};
  attempt how;
  try {
    if (auto said = work(t); !said)
      how.problem = said.problem();
  } catch (...) {
    how.thrown = std::current_exception();
  }
  const bool gives_up = how.problem || how.thrown || t.has_failed();
  if (t.has_failed() && !how.thrown)
    how.problem = t.problem();
  const auto call
    = gives_up ? t.ending(start, false) : t.ending(start, true, options.fence);
  if (!call)
    return how;
  const auto said = door.ask(*call, left_until(deadline, door));
  // Of what was read before something failed, only that it changed matters (T4).
  if (gives_up && said.problem.code != error_code::transaction_conflict)
    return how;
  if (said.problem.code != error_code::ok)
    return {said.problem, nullptr, {}};
  if (!call->what.then.empty())
    how.version = said.given.version;
  return how;
}

} // namespace

result<transacted> run_transaction(transaction_door& door, const transaction_work& work,
                                   const transaction_options& options) {
  const auto deadline = door.now() + options.deadline_ms;
  const auto start = hlc_stamp::of(door.wall_ms(), 0);
  client::pacing paces{{door.random(), options.backoff_base_ms, options.backoff_cap_ms}};
  for (std::uint32_t tries = 1;; ++tries) {
    auto how = try_once(door, work, deadline, start, options);
    if (how.thrown)
      std::rethrow_exception(how.thrown);
    if (!how.problem)
      return transacted{how.version, tries};
    const bool again = how.problem->code == error_code::transaction_conflict
                       && how.problem->known == outcome::not_applied
                       && tries <= options.max_retries;
    if (!again)
      return std::move(*how.problem);
    const auto pause = paces.backoff(tries - 1);
    if (door.now() + pause >= deadline)
      return std::move(*how.problem);
    door.pause(pause);
  }
}

} // namespace present
