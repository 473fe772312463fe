#include "tests/simulation/cluster/fenced_workload.hpp"

#include "tests/simulation/cluster/client_history.hpp"

#include <iterator>
#include <memory>
#include <utility>

namespace present::simulation::cluster {

namespace {

const std::string fenced_space = "fenced";
constexpr space_id the_space{0};
const std::string lock_name = "guard"; ///< before the keys of either side

std::vector<std::string> the_pair() {
  return {fenced_history::pair_at(0), fenced_history::pair_at(1)};
}

} // namespace

fenced_workload::fenced_workload(witness& oracle, seeded_random& random)
    : random_(random), oracle_(oracle), history_(oracle) {
  const auto pick = random_.below(1000);
  if (pick < 500)
    cuts_ = the_pair(); // the lock is elsewhere
  else if (pick < 850)
    cuts_ = {fenced_history::pair_at(1)}; // with the left side
  else
    cuts_ = {fenced_history::pair_at(0)}; // both sides are one partition's
}

std::vector<create_space> fenced_workload::spaces() const {
  return {{fenced_space, 0, cuts_}};
}

// -- the lock ------------------------------------------------------------------------

client::lock_wish fenced_workload::wish() {
  client::lock_wish made;
  made.space = fenced_space;
  made.key = lock_name;
  made.claim = {++claims_};
  made.lease_ms = static_cast<std::uint32_t>(random_.between(300, 1500));
  made.patience_ms
    = random_.chance(800) ? static_cast<std::uint32_t>(random_.between(100, 2000)) : 0;
  if (random_.chance(500))
    for (const auto& key : the_pair())
      made.guards.push_back({fenced_space, key});
  return made;
}

void fenced_workload::granted(std::uint32_t client, const client::lock_wish& what,
                              hlc_stamp token) {
  tokens_[client] = token;
  if (!what.guards.empty())
    history_.granted(token);
}

/// Now and then another client's, as if that one had been given it. 0: it has none.
hlc_stamp fenced_workload::token_of(std::uint32_t client) {
  if (!tokens_.empty() && random_.chance(100))
    return std::next(tokens_.begin(),
                     static_cast<std::ptrdiff_t>(random_.below(tokens_.size())))->second;
  const auto own = tokens_.find(client);
  return own == tokens_.end() ? hlc_stamp{} : own->second;
}

// -- what is asked -------------------------------------------------------------------

auto fenced_workload::begin(std::uint32_t client, std::uint64_t now) -> asked {
  const auto token = token_of(client);
  const auto side = random_.below(2);
  const auto pick = random_.below(1000);
  if (token == hlc_stamp{} || pick >= 700) {
    if (random_.chance(300))
      return look(client, now);
    return read({random_.chance(700) ? fenced_history::pair_at(side)
                                     : fenced_history::own_at(side)},
                {});
  }
  if (pick < 400) {
    auto keys = the_pair(); // who is first decides: home
    std::swap(keys[0], keys[side]);
    return write(std::move(keys), token);
  }
  return pick < 600 ? write({fenced_history::own_at(side)}, token) : read(the_pair(), token);
}

auto fenced_workload::look(std::uint32_t, std::uint64_t) -> asked {
  return read({fenced_history::pair_at(0), fenced_history::own_at(0),
               fenced_history::pair_at(1), fenced_history::own_at(1)},
              {});
}

auto fenced_workload::write(std::vector<std::string> keys, hlc_stamp token) -> asked {
  auto made = open(keys, true, token);
  const auto value = std::make_shared<const std::string>(history_.value_of(made.id));
  for (auto& key : keys)
    made.what.what.then.push_back(put_step{the_space, std::move(key), value});
  return made;
}

auto fenced_workload::read(std::vector<std::string> keys, hlc_stamp token) -> asked {
  auto made = open(keys, false, token);
  for (auto& key : keys)
    made.what.what.then.push_back(get_step{the_space, std::move(key)});
  return made;
}

auto fenced_workload::open(std::vector<std::string> keys, bool writes, hlc_stamp token)
  -> asked {
  asked made{history_.called(token, keys, writes), {{fenced_space}, {}, {}}};
  const bool is_fenced = token != hlc_stamp{};
  if (is_fenced)
    made.what.fence = client::fence_name{fenced_space, lock_name, token};
  open_.emplace(made.id, attempt{std::move(keys), writes, is_fenced});
  return made;
}

// -- what is heard -------------------------------------------------------------------

std::optional<client::transact_call>
fenced_workload::answered(ticket id, const client::outcome_of_call& how, std::uint64_t) {
  const auto what = std::move(open_.at(id));
  open_.erase(id);
  const auto& why = how.problem;
  if (why.code == error_code::ok) {
    succeeded(id, what, how.given);
    return std::nullopt;
  }
  const bool is_fenced_off = why.code == error_code::fenced && what.is_fenced
                             && why.known == outcome::not_applied;
  oracle_.expect(is_fenced_off || may_end_transaction(why), "errors",
                 "a transaction under a lock was answered "
                   + std::string{traits_of(why.code).name} + ": " + why.message);
  refused_ += is_fenced_off;
  if (why.known == outcome::not_applied)
    history_.had_no_effect(id);
  return std::nullopt;
}

void fenced_workload::succeeded(ticket id, const attempt& what, const answer& given) {
  ++committed_;
  if (what.writes) {
    pairs_written_ += what.keys.size() > 1;
    return history_.wrote(id, given.version);
  }
  const bool is_whole = given.steps && given.steps->size() == what.keys.size();
  oracle_.expect(is_whole, "results", "a transaction has no result for one of its steps");
  if (!is_whole)
    return;
  std::vector<fenced_history::sight> seen;
  for (std::size_t place = 0; place < what.keys.size(); ++place) {
    const auto& found = (*given.steps)[place];
    seen.push_back({what.keys[place], found.version, found.value ? *found.value : ""});
  }
  history_.read(id, seen);
}

} // namespace present::simulation::cluster
