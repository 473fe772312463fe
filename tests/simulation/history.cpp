#include "tests/simulation/history.hpp"

#include "tests/simulation/oracle_violation.hpp"

#include <algorithm>

namespace present::simulation {

raft::ticket history::begin(bool is_write, std::uint64_t key,
                            std::uint64_t now_us) {
  const auto id = operations_.size();
  operations_.push_back({is_write, {key, id + 1}, now_us, true});
  return id;
}

void history::succeeded(raft::ticket id, log_index seen, std::uint64_t value,
                        std::uint64_t now_us) {
  auto& item = operations_[id];
  item.open = false;
  const auto earlier = seen_before(item.started_us);
  if (item.is_write) {
    const auto found = committed_.find(item.command.value);
    expect(found != committed_.end() && found->second == seen,
           "acknowledged write",
           "operation " + std::to_string(id) + " was acknowledged at index "
             + std::to_string(seen.value) + ", where it is not committed");
    ++writes_;
  } else {
    expect(seen >= earlier, "linearizable read",
           "read " + std::to_string(id) + " saw index "
             + std::to_string(seen.value) + " though "
             + std::to_string(earlier.value) + " had been seen before it started");
    const auto expected = value_at(item.command.key, seen);
    expect(value == expected, "linearizable read",
           "read " + std::to_string(id) + " returned "
             + std::to_string(value) + ", not " + std::to_string(expected));
    ++reads_;
  }
  const auto highest = answers_.empty() ? seen : std::max(seen, answers_.back().highest);
  answers_.push_back({now_us, highest});
}

void history::not_applied(raft::ticket id) {
  auto& item = operations_[id];
  item.open = false;
  if (!item.is_write)
    return;
  denied_.insert(item.command.value);
  expect(!committed_.contains(item.command.value), "outcome (P5)",
         "operation " + std::to_string(id) + " was reported as not applied, but is");
}

void history::committed(const raft::entry& item) {
  if (item.kind != raft::entry_kind::command)
    return;
  const auto command = decode(*item.payload);
  values_[command.key].push_back({item.index, command.value});
  committed_[command.value] = item.index;
  expect(!denied_.contains(command.value), "outcome (P5)",
         "value " + std::to_string(command.value)
           + " is committed after it was reported as not applied");
}

std::uint64_t history::value_at(std::uint64_t key, log_index index) const {
  const auto found = values_.find(key);
  if (found == values_.end())
    return 0;
  const auto after = std::upper_bound(
    found->second.begin(), found->second.end(), index,
    [](log_index wanted, const auto& item) { return wanted < item.first; });
  return after == found->second.begin() ? 0 : std::prev(after)->second;
}

log_index history::seen_before(std::uint64_t started_us) const {
  const auto after = std::lower_bound(
    answers_.begin(), answers_.end(), started_us,
    [](const answer& item, std::uint64_t at) { return item.at_us < at; });
  return after == answers_.begin() ? log_index{} : std::prev(after)->highest;
}

} // namespace present::simulation
