#include "tests/simulation/cluster/transaction_history.hpp"

#include "runtime/base/overloaded.hpp"
#include "storage/typed_value.hpp"
#include "tools/histories/transaction_judge.hpp"

namespace present::simulation::cluster {

namespace {

std::vector<std::int64_t> numbers_in(const bytes_ptr& value) {
  std::vector<std::int64_t> numbers;
  if (const auto typed = value ? storage::decode_typed(*value) : std::nullopt)
    for (const auto& element : std::get<storage::list_value>(*typed).elements)
      numbers.push_back(std::stoll(element));
  return numbers;
}

bool is_passable(const error& why) {
  switch (why.code) {
    case error_code::transaction_conflict:
      return why.known == outcome::not_applied;
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

} // namespace

element_step append_step(space_id space, const std::string& key, std::int64_t value) {
  return {space, key, element_change::append, std::to_string(value)};
}

auto transaction_history::called(std::uint32_t client, const transact& what, std::uint64_t now)
  -> ticket {
  histories::transaction asked;
  asked.process = client;
  asked.how = histories::ending::unknown;
  asked.called = now;
  for (const auto& each : what.then)
    std::visit(overloaded{
                 [&](const get_step& s) {
                   asked.actions.push_back(histories::read_list{s.key, {}});
                 },
                 [&](const element_step& s) {
                   asked.actions.push_back(
                     histories::append_value{s.key, std::stoll(s.element)});
                 },
                 [](const auto&) {},
               },
               each);
  all_.push_back(std::move(asked));
  ++open_;
  return all_.size() - 1;
}

void transaction_history::lost(ticket) {
  --open_;
}

void transaction_history::answered(ticket id, const client::outcome_of_call& how,
                                   std::uint64_t now) {
  --open_;
  auto& asked = all_[id];
  const auto& why = how.problem;
  if (why.code == error_code::ok) {
    asked.how = histories::ending::committed;
    asked.returned = now;
    ++committed_;
    learn(asked, how.given.steps);
    return;
  }
  oracle_.expect(is_passable(why), "errors",
                 "a transaction was answered " + std::string{traits_of(why.code).name} + ": "
                   + why.message);
  if (why.known == outcome::not_applied) {
    asked.how = histories::ending::aborted;
    asked.returned = now;
  }
}

/// No results: each step wrote.
void transaction_history::learn(histories::transaction& what,
                                const storage::step_results& found) {
  for (std::size_t place = 0; place < what.actions.size(); ++place)
    if (auto* read = std::get_if<histories::read_list>(&what.actions[place])) {
      oracle_.expect(found && place < found->size(), "results",
                     "a transaction has no result for what it read");
      if (found && place < found->size())
        read->found = numbers_in((*found)[place].value);
    }
}

void transaction_history::judge() const {
  const auto verdict = histories::judge_transactions(all_);
  if (!verdict) {
    oracle_.expect(false, "transactions", verdict.problem().message);
    return;
  }
  std::string words;
  for (const auto& found : verdict->anomalies) {
    words += "\n  " + std::string{to_string(found.what)} + " " + found.key;
    for (const auto& sentence : found.story)
      words += "\n    " + sentence;
    for (const auto place : found.transactions)
      words += "\n    " + histories::describe(all_[place]);
  }
  oracle_.expect(verdict->is_strictly_serializable(), "strictly serializable", words);
}

} // namespace present::simulation::cluster
