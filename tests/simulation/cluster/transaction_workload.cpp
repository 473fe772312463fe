#include "tests/simulation/cluster/transaction_workload.hpp"

#include "runtime/base/overloaded.hpp"
#include "storage/typed_value.hpp"
#include "tests/simulation/cluster/client_history.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace present::simulation::cluster {

namespace {

constexpr std::size_t places = 5;
const std::string list_space = "lists";
constexpr space_id the_space{0};
/// A scan is of one partition's keys: the space is cut here, or nowhere.
const std::array<std::pair<std::string, std::string>, 3> ranges{
  {{"list0", "list1"}, {"list1", "list3"}, {"list3", ""}}};

std::string list_at(std::size_t place) {
  return "list" + std::to_string(place);
}
std::string account_at(std::size_t place) {
  return list_at(place) + "-account";
}
std::string link_at(std::size_t place) {
  return list_at(place) + "-next";
}
bool is_list(const std::string& key) {
  return key.size() == list_at(0).size();
}

const std::vector<std::string>& all_keys() {
  static const auto all = [] {
    std::vector<std::string> keys;
    for (std::size_t place = 0; place < places; ++place)
      keys.insert(keys.end(), {list_at(place), account_at(place), link_at(place)});
    return keys;
  }();
  return all;
}

std::vector<std::string> keys_in(const scan_step& what) {
  std::vector<std::string> keys;
  for (const auto& key : all_keys())
    if (key >= what.first && (what.last.empty() || key < what.last))
      keys.push_back(key);
  return keys;
}

std::vector<step> steps_that_look() {
  std::vector<step> steps;
  for (const auto& [first, last] : ranges)
    steps.push_back(scan_step{the_space, first, last});
  return steps;
}

/// What `steps` do to lists.
std::vector<histories::list_action> actions_of(const std::vector<step>& steps) {
  std::vector<histories::list_action> all;
  for (const auto& each : steps)
    std::visit(overloaded{
                 [&](const get_step& s) { all.push_back(histories::read_list{s.key, {}}); },
                 [&](const scan_step& s) {
                   for (const auto& key : keys_in(s))
                     if (is_list(key))
                       all.push_back(histories::read_list{key, {}});
                 },
                 [&](const element_step& s) {
                   all.push_back(histories::append_value{s.key, std::stoll(s.element)});
                 },
                 [](const auto&) {},
               },
               each);
  return all;
}

std::vector<std::int64_t> numbers_in(const storage::value_ptr& value) {
  std::vector<std::int64_t> numbers;
  if (const auto typed = value ? storage::decode_typed(*value) : std::nullopt)
    for (const auto& element : std::get<storage::list_value>(*typed).elements)
      numbers.push_back(std::stoll(element));
  return numbers;
}

} // namespace

/// In the order in which they were read; a list that the transaction itself appended to
/// before has that, too.
struct transaction_workload::sight {
  struct read {
    std::string key;
    hlc_stamp version;
    storage::value_ptr value; ///< null: absent
  };
  std::vector<read> reads;

  const read* find(const std::string& key) const {
    const auto found = std::find_if(reads.begin(), reads.end(),
                                    [&](const read& each) { return each.key == key; });
    return found == reads.end() ? nullptr : &*found;
  }

  /// Whether there is a result for each step.
  bool take(const std::vector<step>& steps, const std::vector<storage::step_result>& results) {
    for (std::size_t n = 0; n < steps.size() && n < results.size(); ++n) {
      const auto& result = results[n];
      if (const auto* got = std::get_if<get_step>(&steps[n]))
        reads.push_back({got->key, result.version, result.value});
      if (const auto* scanned = std::get_if<scan_step>(&steps[n]))
        for (const auto& key : keys_in(*scanned)) {
          const auto row = std::find_if(result.rows.begin(), result.rows.end(),
                                        [&](const auto& each) { return each.key == key; });
          const bool is_there = row != result.rows.end();
          reads.push_back({key, is_there ? row->version : hlc_stamp{},
                           is_there ? row->value : nullptr});
        }
    }
    return steps.size() == results.size();
  }
};

// -- what is asked -------------------------------------------------------------------

/// Cut, so that the places lie on several partitions where there are some.
std::vector<create_space> transaction_workload::spaces() const {
  return {{list_space, 0, {"list1", "list3"}}};
}

auto transaction_workload::begin(std::uint32_t client, std::uint64_t now) -> asked {
  const auto pick = random_.below(1000);
  if (pick < 550)
    return begin_lists(client, now);
  if (pick < 640)
    return begin_skew(client, now, second_half::append);
  if (pick < 730)
    return begin_skew(client, now, second_half::compare);
  if (pick < 850)
    return begin_transfer();
  return pick < 970 ? begin_rotation() : look(client, now);
}

/// Appends to some lists and reads some, of which few are the same.
auto transaction_workload::begin_lists(std::uint32_t client, std::uint64_t now) -> asked {
  attempt made;
  const auto count = random_.between(1, 4);
  for (std::uint64_t n = 0; n < count; ++n) {
    const auto list = list_at(random_.below(places));
    const auto pick = random_.below(1000);
    if (pick < 400) {
      made.steps.push_back(get_step{the_space, list});
    } else if (pick < 500) {
      const auto& [first, last] = ranges[random_.below(ranges.size())];
      made.steps.push_back(scan_step{the_space, first, last});
    } else {
      made.steps.push_back(element_step{the_space, list, element_change::append,
                                        std::to_string(++appended_)});
    }
  }
  made.recorded = history_.called(client, actions_of(made.steps), now);
  return open(std::move(made));
}

auto transaction_workload::begin_skew(std::uint32_t client, std::uint64_t now,
                                      second_half next) -> asked {
  attempt made;
  made.next = next;
  const auto first = random_.below(places);
  const auto second = (first + random_.between(1, places)) % places;
  made.append = element_step{the_space, list_at(second), element_change::append,
                             std::to_string(++appended_)};
  made.steps = {get_step{the_space, list_at(first)}, get_step{the_space, list_at(second)}};
  auto whole = made.steps;
  whole.push_back(made.append);
  made.recorded = history_.called(client, actions_of(whole), now);
  return open(std::move(made));
}

auto transaction_workload::begin_transfer() -> asked {
  attempt made;
  const auto from = random_.below(places);
  const auto to = (from + random_.between(1, places)) % places;
  const auto amount = static_cast<std::int64_t>(random_.between(1, 100));
  made.steps = {number_step{the_space, account_at(from), number_change::add, -amount},
                number_step{the_space, account_at(to), number_change::add, amount}};
  return open(std::move(made));
}

auto transaction_workload::begin_rotation() -> asked {
  attempt made;
  made.next = second_half::reorder;
  for (std::size_t place = 0; place < places; ++place)
    made.steps.push_back(get_step{the_space, link_at(place)});
  return open(std::move(made));
}

auto transaction_workload::look(std::uint32_t client, std::uint64_t now) -> asked {
  attempt made;
  made.steps = steps_that_look();
  made.recorded = history_.called(client, actions_of(made.steps), now);
  return open(std::move(made));
}

auto transaction_workload::open(attempt what) -> asked {
  asked first{++last_ticket_, {{list_space}, {}}};
  first.what.what.then = what.steps;
  open_.emplace(first.id, std::move(what));
  return first;
}

// -- what is heard -------------------------------------------------------------------

std::optional<client::transact_call>
transaction_workload::answered(ticket id, const client::outcome_of_call& how,
                               std::uint64_t now) {
  auto& what = open_.at(id);
  const auto& why = how.problem;
  if (why.code != error_code::ok) {
    oracle_.expect(may_end_transaction(why), "errors",
                   "a transaction was answered " + std::string{traits_of(why.code).name} + ": "
                     + why.message);
    const bool has_done_nothing
      = why.known == outcome::not_applied || what.next != second_half::none;
    if (has_done_nothing)
      ended(what, false, false, now);
    open_.erase(id);
    return std::nullopt;
  }
  sight seen;
  const auto* results = how.given.steps.get(); // null: each step wrote
  if (how.given.otherwise) // it reads what it has compared once more
    what.steps = {get_step{the_space, what.compared.at(0).key},
                  get_step{the_space, what.compared.at(1).key}};
  const bool reads = !std::all_of(what.steps.begin(), what.steps.end(), is_write);
  oracle_.expect(!reads || (results && seen.take(what.steps, *results)), "results",
                 "a transaction has no result for one of its steps");
  look_at(what, seen);
  if (how.given.otherwise)
    check_branch(what, seen);
  const auto half = std::exchange(what.next, second_half::none);
  std::optional<transact> next;
  if (half == second_half::append)
    next = append_if_unchanged(what, seen);
  else if (half == second_half::compare)
    next = append_if_equal(what, seen, now);
  else if (half == second_half::reorder)
    next = change_order(seen);
  if (next) {
    what.steps = next->then;
    return client::transact_call{{list_space}, std::move(*next)};
  }
  ended(what, true, how.given.otherwise, now);
  ++committed_;
  open_.erase(id);
  return std::nullopt;
}

void transaction_workload::ended(const attempt& what, bool is_done, bool otherwise,
                                 std::uint64_t now) {
  const auto end = [&](const std::optional<transaction_history::ticket>& of, bool took_effect) {
    if (of && took_effect)
      history_.committed(*of, now);
    else if (of)
      history_.aborted(*of, now);
  };
  end(what.recorded, is_done && !otherwise);
  end(what.otherwise, is_done && otherwise);
}

void transaction_workload::look_at(const attempt& what, const sight& seen) {
  check_sum(seen);
  check_ring(seen);
  const auto recorded = what.otherwise ? what.otherwise : what.recorded;
  if (!recorded)
    return;
  std::size_t place = 0;
  const auto& actions = history_.at(*recorded).actions;
  for (const auto& each : seen.reads) {
    if (!is_list(each.key))
      continue;
    while (!std::holds_alternative<histories::read_list>(actions[place]))
      ++place;
    history_.found(*recorded, place++, numbers_in(each.value));
  }
}

void transaction_workload::check_sum(const sight& seen) {
  std::int64_t sum = 0;
  for (std::size_t place = 0; place < places; ++place) {
    const auto* account = seen.find(account_at(place));
    if (!account)
      return;
    if (const auto typed = account->value ? storage::decode_typed(*account->value)
                                          : std::nullopt)
      sum += std::get<storage::integer_value>(*typed).number;
  }
  oracle_.expect(sum == 0, "sum kept", "the accounts' sum was " + std::to_string(sum));
}

void transaction_workload::check_ring(const sight& seen) {
  std::size_t at = 0;
  std::string walked = "0";
  for (std::size_t n = 0; n < places; ++n) {
    const auto* link = seen.find(link_at(at));
    if (!link)
      return;
    at = link->value ? std::stoul(*link->value) : (at + 1) % places;
    walked += " " + std::to_string(at);
    oracle_.expect((at == 0) == (n + 1 == places), "ring kept", "the ring was " + walked);
    if (at == 0)
      return;
  }
}

/// Not all that it compared is as it was compared.
void transaction_workload::check_branch(const attempt& what, const sight& seen) {
  const bool all_hold
    = std::all_of(what.compared.begin(), what.compared.end(), [&](const seen_key& one) {
        const auto* found = seen.find(one.key);
        return found && found->version == one.version;
      });
  oracle_.expect(!all_hold, "branches",
                 "a transaction took its second branch though all its comparisons held");
}

transact transaction_workload::append_if_equal(attempt& what, const sight& seen,
                                               std::uint64_t now) {
  transact next;
  for (const auto& each : seen.reads) {
    next.compare.push_back({the_space, each.key, relation::equal, each.version});
    next.otherwise.push_back(get_step{the_space, each.key});
    what.compared.push_back({the_space, each.key, each.version});
  }
  next.then = {what.append};
  what.otherwise = history_.called(history_.at(*what.recorded).process,
                                   actions_of(next.otherwise), now);
  return next;
}

transact transaction_workload::append_if_unchanged(const attempt& what, const sight& seen) {
  transact next;
  for (const auto& each : seen.reads)
    next.seen.push_back({the_space, each.key, each.version});
  next.then = {what.append};
  return next;
}

/// One that stands behind two others comes to stand before them.
std::optional<transact> transaction_workload::change_order(const sight& seen) {
  transact next;
  std::array<std::size_t, 4> row{random_.below(places)};
  for (std::size_t n = 0; n + 1 < row.size(); ++n) {
    const auto* link = seen.find(link_at(row[n]));
    if (!link)
      return std::nullopt;
    row[n + 1] = link->value ? std::stoul(*link->value) : (row[n] + 1) % places;
    next.seen.push_back({the_space, link->key, link->version});
  }
  const auto join = [&](std::size_t from, std::size_t to) {
    next.then.push_back(put_step{the_space, link_at(from),
                                 std::make_shared<const std::string>(std::to_string(to))});
  };
  join(row[0], row[2]);
  join(row[2], row[1]);
  join(row[1], row[3]);
  return next;
}

} // namespace present::simulation::cluster
