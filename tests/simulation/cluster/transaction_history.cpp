#include "tests/simulation/cluster/transaction_history.hpp"

#include "tools/histories/transaction_judge.hpp"

#include <utility>

namespace present::simulation::cluster {

auto transaction_history::called(std::uint32_t client,
                                 std::vector<histories::list_action> what, std::uint64_t now)
  -> ticket {
  histories::transaction asked;
  asked.process = client;
  asked.actions = std::move(what);
  asked.how = histories::ending::unknown;
  asked.called = now;
  all_.push_back(std::move(asked));
  return all_.size() - 1;
}

void transaction_history::committed(ticket id, std::uint64_t now) {
  all_[id].how = histories::ending::committed;
  all_[id].returned = now;
}

void transaction_history::aborted(ticket id, std::uint64_t now) {
  all_[id].how = histories::ending::aborted;
  all_[id].returned = now;
}

void transaction_history::found(ticket id, std::size_t place, std::vector<std::int64_t> list) {
  std::get<histories::read_list>(all_[id].actions[place]).found = std::move(list);
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
