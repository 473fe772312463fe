#include "tests/simulation/cluster/ruled_workload.hpp"

#include "actors/conflict/write_registry.hpp"
#include "storage/crdt/crdt_codec.hpp"
#include "storage/typed_value.hpp"
#include "tests/simulation/cluster/client_history.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace present::simulation::cluster {

namespace {

constexpr std::size_t accounts = 3;
constexpr std::size_t ways = 3; ///< to keep each of them
const std::vector<std::string> the_spaces{"plain", "joined", "covered"};
constexpr space_id plain{0}, joined{1}, covered{2};
const std::string never_below_zero = "never-below-zero";

std::string account_at(std::size_t account) {
  return "account" + std::to_string(account);
}

std::int64_t integer_in(std::string_view bytes) {
  const auto typed = storage::decode_typed(bytes);
  const auto* found = typed ? std::get_if<storage::integer_value>(&*typed) : nullptr;
  return found ? found->number : 0;
}

std::int64_t counted_in(std::string_view bytes) {
  const auto value = crdt::decode_stored(bytes);
  const auto* found = value ? std::get_if<crdt::pn_counter>(&*value) : nullptr;
  return found ? found->total() : 0;
}

} // namespace

std::shared_ptr<const conflict::write_advisor> registered_rules() {
  using conflict::policy_finding;
  auto rules = std::make_shared<conflict::write_registry>();
  rules->add_policy(never_below_zero, [](const conflict::advised_write& what) {
    const bool is_covered = what.written && integer_in(*what.written) >= 0;
    return is_covered
             ? conflict::write_registry::ruling{policy_finding::allowed, {}, {}}
             : conflict::write_registry::ruling{policy_finding::denied, "not covered", {}};
  });
  return rules;
}

std::vector<create_space> ruled_workload::spaces() const {
  std::vector<create_space> made{{the_spaces[0], 0, {}},
                                 {the_spaces[1], 0, {account_at(1)}},
                                 {the_spaces[2], 0, {account_at(2)}}};
  made[1].settings.conflicts = {storage::conflict_strategy::merge, "crdt", {}};
  made[2].settings.policy = never_below_zero;
  return made;
}

// -- what is asked -------------------------------------------------------------------

auto ruled_workload::begin(std::uint32_t client, std::uint64_t now) -> asked {
  const auto pick = random_.below(1000);
  if (pick < 700)
    return move_some(client);
  return pick < 900 ? read({random_.below(accounts)}) : look(client, now);
}

auto ruled_workload::look(std::uint32_t, std::uint64_t) -> asked {
  std::vector<std::size_t> all(accounts);
  std::iota(all.begin(), all.end(), 0);
  return read(std::move(all));
}

/// As often out as in, and by as much: so that many are not covered.
auto ruled_workload::move_some(std::uint32_t client) -> asked {
  attempt made;
  const auto account = random_.below(accounts);
  const auto size = static_cast<std::int64_t>(random_.between(1, 100));
  const auto amount = random_.chance(500) ? size : -size;
  made.accounts = {account};
  made.moves = true;
  made.name = {client, account};
  auto known = parts_.extract(made.name);
  made.part = known ? std::move(known.mapped()) : counted_part{{++last_replica_}, {}};
  made.delta = *made.part.counter.add(made.part.replica, amount);
  made.is_early = !has_changed_[account];
  made.place = moves_[account].size();
  moves_[account].push_back({amount});
  auto first = open(std::move(made));
  const auto key = account_at(account);
  const auto& delta = open_.at(first.id).delta;
  auto& steps = first.what.what.then;
  steps = {number_step{plain, key, number_change::add, amount},
           put_step{joined, key,
                    std::make_shared<const std::string>(crdt::encode_stored(delta))},
           number_step{covered, key, number_change::add, amount}};
  // Who is first decides: home.
  std::rotate(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(random_.below(ways)),
              steps.end());
  return first;
}

auto ruled_workload::read(std::vector<std::size_t> which) -> asked {
  attempt made;
  made.accounts = std::move(which);
  auto first = open(std::move(made));
  for (const auto account : open_.at(first.id).accounts)
    for (const auto space : {plain, joined, covered})
      first.what.what.then.push_back(get_step{space, account_at(account)});
  return first;
}

auto ruled_workload::open(attempt what) -> asked {
  what.begun_at = ++events_;
  asked first{++last_ticket_, {the_spaces, {}, {}}};
  open_.emplace(first.id, std::move(what));
  return first;
}

// -- what is heard -------------------------------------------------------------------

void ruled_workload::lost(ticket id) { open_.erase(id); }

std::optional<client::transact_call>
ruled_workload::answered(ticket id, const client::outcome_of_call& how, std::uint64_t) {
  auto what = std::move(open_.at(id));
  open_.erase(id);
  if (how.problem.code != error_code::ok) {
    on_refused(what, how.problem);
    return std::nullopt;
  }
  ++committed_;
  if (what.moves)
    on_moved(what, how.given);
  else
    on_read(what, how.given);
  return std::nullopt;
}

void ruled_workload::on_refused(attempt& what, const error& why) {
  const bool by_policy = what.moves && why.code == error_code::denied
                         && why.known == outcome::not_applied;
  // Known, and wrong: who is admitted before a leader has the rules of a new space is told
  // that the space takes no transactions.
  const bool lacks_rules = what.is_early && why.code == error_code::invalid
                           && why.known == outcome::not_applied;
  oracle_.expect(by_policy || lacks_rules || may_end_transaction(why), "errors",
                 "a transaction by rules was answered "
                   + std::string{traits_of(why.code).name} + ": " + why.message);
  if (!what.moves)
    return;
  const auto account = what.accounts.front();
  auto& moved = moves_[account][what.place];
  if (why.known != outcome::not_applied)
    return;
  parts_.insert_or_assign(what.name, std::move(what.part));
  moved.is_refused = true;
  refused_ += by_policy;
  const auto least = possible(account, what.begun_at).least;
  oracle_.expect(!by_policy || least + moved.amount < 0, "policy",
                 "a move of " + std::to_string(moved.amount) + " was refused, though account "
                   + std::to_string(account) + " had " + std::to_string(least)
                   + " at the least");
}

/// Both integers are told as they are then.
void ruled_workload::on_moved(attempt& what, const answer& given) {
  const auto account = what.accounts.front();
  moves_[account][what.place].known_at = ++events_;
  has_changed_[account] = true;
  what.part.counter.join(what.delta);
  parts_.insert_or_assign(what.name, std::move(what.part));
  const bool is_whole = given.steps && given.steps->size() == ways;
  oracle_.expect(is_whole, "results", "a transaction has no result for one of its steps");
  if (!is_whole)
    return;
  std::vector<std::int64_t> told;
  for (const auto& each : *given.steps)
    if (each.value)
      told.push_back(integer_in(*each.value));
  oracle_.expect(told.size() == 2 && told[0] == told[1], "one balance",
                 "account " + std::to_string(account) + " was changed to what differs");
  for (const auto found : told)
    check_balance(account, what.begun_at, found);
}

void ruled_workload::on_read(const attempt& what, const answer& given) {
  const bool is_whole = given.steps && given.steps->size() == ways * what.accounts.size();
  oracle_.expect(is_whole, "results", "a transaction has no result for one of its steps");
  if (!is_whole)
    return;
  auto row = given.steps->begin();
  const auto next = [&] {
    const auto& value = (row++)->value;
    return value ? std::string_view{*value} : std::string_view{};
  };
  for (const auto account : what.accounts) {
    const auto by_itself = integer_in(next());
    const auto counted = counted_in(next());
    const auto judged = integer_in(next());
    oracle_.expect(by_itself == counted && counted == judged, "one balance",
                   "account " + std::to_string(account) + " has " + std::to_string(by_itself)
                     + " by itself, " + std::to_string(counted) + " joined and "
                     + std::to_string(judged) + " covered");
    check_balance(account, what.begun_at, judged);
  }
}

void ruled_workload::check_balance(std::size_t account, std::uint64_t begun_at,
                                   std::int64_t found) {
  oracle_.expect(found >= 0, "policy", "account " + std::to_string(account) + " has "
                                         + std::to_string(found) + ", by its policy never "
                                         + "less than 0");
  const auto may = possible(account, begun_at);
  oracle_.expect(may.least <= found && found <= may.most, "balance",
                 "account " + std::to_string(account) + " has " + std::to_string(found)
                   + ", by what was acknowledged between " + std::to_string(may.least)
                   + " and " + std::to_string(may.most));
}

/// Between then and now: what was known by then is in it, what is refused is not, and all
/// else may be.
auto ruled_workload::possible(std::size_t account, std::uint64_t begun_at) const
  -> bounds_of_balance {
  bounds_of_balance may;
  const auto found = moves_.find(account);
  if (found == moves_.end())
    return may;
  for (const auto& each : found->second) {
    if (each.is_refused)
      continue;
    const bool is_in = each.known_at != 0 && each.known_at < begun_at;
    may.least += is_in ? each.amount : std::min<std::int64_t>(each.amount, 0);
    may.most += is_in ? each.amount : std::max<std::int64_t>(each.amount, 0);
  }
  return may;
}

} // namespace present::simulation::cluster
