#include "tests/scenarios/journal_image.hpp"

#include "actors/raft/raft_log.hpp"
#include "tests/simulation/oracle_violation.hpp"

namespace present::simulation {

std::optional<term> journal_image::term_at(log_index index) const {
  if (index == base.index)
    return base.at_term;
  if (index < base.index || index > last())
    return std::nullopt;
  return entries[index.value - base.index.value - 1].at_term;
}

std::vector<raft::entry> journal_image::from(log_index first,
                                             std::size_t max_bytes) const {
  std::vector<raft::entry> found;
  if (first <= base.index)
    return found;
  std::size_t bytes = 0;
  for (auto at = first.value - base.index.value - 1; at < entries.size(); ++at) {
    bytes += raft::bytes_of(entries[at]);
    if (!found.empty() && bytes > max_bytes)
      break;
    found.push_back(entries[at]);
  }
  return found;
}

void journal_image::carry_out(const raft::persist& write) {
  hard = write.hard;
  if (write.base) {
    if (write.drop_tail)
      entries.clear();
    while (!entries.empty() && entries.front().index <= write.base->index)
      entries.pop_front();
    expect(entries.empty() || entries.front().index == next(write.base->index),
           "journal", "a base before the journal's own");
    base = *write.base;
  }
  if (write.entries.empty())
    return;
  const auto first = write.entries.front().index;
  expect(first > base.index && first <= next(last()), "journal",
         "a write leaves a gap before " + std::to_string(first.value));
  while (last() >= first)
    entries.pop_back();
  entries.insert(entries.end(), write.entries.begin(), write.entries.end());
}

raft::recovered_state journal_image::open_with(const checkpoint& state) {
  const bool missing = state.mark.index < base.index;
  if (!missing && term_at(state.mark.index) != state.mark.at_term) {
    base = state.mark;
    entries.clear();
  }
  raft::recovered_state found;
  found.hard = hard;
  found.snapshot = base;
  found.entries.assign(entries.begin(), entries.end());
  found.applied = missing ? base.index : state.mark.index;
  if (missing)
    found.state = raft::state_standing::missing;
  return found;
}

} // namespace present::simulation
