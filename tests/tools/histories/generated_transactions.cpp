#include "tests/tools/histories/generated_transactions.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace present::histories {

namespace {

class machine {
public:
  machine(const transaction_plan& plan, dice& chance)
      : plan_(plan), chance_(chance) {
    for (std::uint64_t key = 0; key < plan.keys; ++key)
      in_use_.push_back(next_key_++);
  }

  std::vector<list_action> choose() {
    std::vector<list_action> actions;
    for (auto left = chance_.below(plan_.most_actions) + 1; left > 0; --left) {
      auto& key = in_use_[chance_.below(in_use_.size())];
      const auto name = "k" + std::to_string(key);
      if (chance_.percent(50)) {
        actions.push_back(read_list{name, {}});
        continue;
      }
      const auto value = static_cast<std::int64_t>(++appends_[key]);
      actions.push_back(append_value{name, value});
      if (appends_[key] == plan_.appends_per_key)
        key = next_key_++;
    }
    return actions;
  }

  void apply(transaction& one) {
    for (auto& what : one.actions)
      if (const auto* more = std::get_if<append_value>(&what))
        lists_[more->key].push_back(more->value);
      else
        std::get<read_list>(what).found = lists_[key_of(what)];
  }

private:
  const transaction_plan& plan_;
  dice& chance_;
  std::uint64_t next_key_ = 0;
  std::vector<std::uint64_t> in_use_;
  std::map<std::uint64_t, std::uint64_t> appends_;
  std::map<std::string, std::vector<std::int64_t>> lists_;
};

void forget_answers(transaction& one) {
  for (auto& what : one.actions)
    if (auto* read = std::get_if<read_list>(&what))
      read->found.clear();
}

} // namespace

std::vector<transaction> generate_transactions(const transaction_plan& plan,
                                               dice& chance) {
  machine lists{plan, chance};
  std::vector<transaction> history;
  std::vector<std::uint64_t> free_at(plan.clients);
  std::vector<std::uint32_t> names(plan.clients);
  for (std::uint32_t client = 0; client < plan.clients; ++client)
    names[client] = client;
  auto next_name = plan.clients;
  std::uint64_t effect = 0; // the moment of the last one
  for (std::size_t done = 0; done < plan.transactions; ++done) {
    const auto client = chance.below(plan.clients);
    effect = std::max(effect + 1 + chance.below(3), free_at[client] + 1);
    const auto earliest = std::max(
        free_at[client], effect - std::min<std::uint64_t>(effect, 20));
    transaction one{names[client], lists.choose()};
    one.called = earliest + chance.below(effect - earliest + 1);
    one.returned = effect + chance.below(20);
    free_at[client] = one.returned;
    if (chance.percent(plan.aborted_percent)) {
      one.how = ending::aborted;
    } else if (chance.percent(plan.lost_percent)) {
      one.how = ending::unknown;
      one.returned = 0;
      if (chance.percent(50))
        lists.apply(one);
      names[client] = next_name++;
    } else {
      lists.apply(one);
    }
    if (one.how != ending::committed)
      forget_answers(one);
    history.push_back(std::move(one));
  }
  std::stable_sort(history.begin(), history.end(),
                   [](const transaction& a, const transaction& b) {
                     return a.called < b.called;
                   });
  return history;
}

void damage(std::vector<transaction>& history, dice& chance) {
  if (history.empty())
    return;
  auto& one = history[chance.below(history.size())];
  switch (chance.below(6)) {
    case 0:
      if (one.how == ending::committed)
        one.called = one.returned = chance.below(40);
      break;
    case 1:
      one.how = chance.percent(50) ? ending::aborted : ending::unknown;
      one.returned = std::max(one.returned, one.called);
      break;
    default:
      if (one.actions.empty())
        break;
      auto* read = std::get_if<read_list>(
          &one.actions[chance.below(one.actions.size())]);
      if (!read)
        break;
      if (!read->found.empty() && chance.percent(60))
        read->found.erase(
            read->found.begin()
            + static_cast<std::ptrdiff_t>(chance.below(read->found.size())));
      else
        read->found.insert(read->found.begin()
                               + static_cast<std::ptrdiff_t>(
                                   chance.below(read->found.size() + 1)),
                           static_cast<std::int64_t>(chance.below(4)));
      if (read->found.size() > 1 && chance.percent(20))
        std::swap(read->found.front(), read->found.back());
  }
}

} // namespace present::histories
