#include "actors/raft/raft_log.hpp"

#include "actors/raft/mutant.hpp"

#include <algorithm>

namespace present::raft {

std::size_t bytes_of(const entry& item) {
  // What an entry costs without its payload: indexes, term, envelope.
  constexpr std::size_t overhead = 64;
  return overhead + (item.payload ? item.payload->size() : 0);
}

raft_log::raft_log(const recovered_state& found)
  : base_(found.snapshot),
    members_{{found.snapshot.index, found.snapshot.members}},
    durable_(found.snapshot.index) {
  for (const auto& item : found.entries)
    append(item);
  durable_ = found.mark_unwritten ? previous(base_.index) : last();
}

log_index raft_log::last() const {
  return log_index{base_.index.value + sizes_.size()};
}

term raft_log::last_term() const {
  return terms_.empty() ? base_.at_term : terms_.back().number;
}

log_index raft_log::tail_first() const {
  return log_index{last().value + 1 - tail_.size()};
}

std::optional<term> raft_log::term_at(log_index index) const {
  if (index == base_.index)
    return base_.at_term;
  if (index < base_.index || index > last())
    return std::nullopt;
  const auto after = std::upper_bound(
    terms_.begin(), terms_.end(), index,
    [](log_index wanted, const leadership& item) { return wanted < item.first; });
  return std::prev(after)->number;
}

bool raft_log::matches(log_index index, term at_term) const {
  const auto held = term_at(index);
  return held && *held == at_term;
}

log_position raft_log::last_at_most(log_index from, term limit) const {
  auto index = std::min(from, last());
  if (index <= base_.index)
    return {base_.index, base_.at_term};
  for (auto item = terms_.rbegin(); item != terms_.rend(); ++item) {
    if (item->first > index)
      continue;
    if (item->number <= limit)
      return {index, item->number};
    index = previous(item->first);
  }
  return {base_.index, base_.at_term};
}

std::vector<entry> raft_log::slice(log_index first, std::size_t max_entries,
                                   std::size_t max_bytes) const {
  require(first >= tail_first(), "L2: entries asked for are not in memory");
  std::vector<entry> result;
  std::size_t bytes = 0;
  for (auto at = first.value - tail_first().value; at < tail_.size(); ++at) {
    bytes += bytes_of(tail_[at]);
    if (!result.empty() && (bytes > max_bytes || result.size() >= max_entries))
      break;
    result.push_back(tail_[at]);
  }
  return result;
}

std::size_t raft_log::size_at(log_index index) const {
  require(index > base_.index && index <= last(), "L1: no such entry");
  return sizes_[index.value - base_.index.value - 1];
}

void raft_log::append(entry item) {
  require(item.index == next(last()), "L1: an entry must follow the last one");
  require(item.at_term >= last_term(), "L3: terms must not fall");
  if (terms_.empty() || terms_.back().number != item.at_term)
    terms_.push_back({item.index, item.at_term});
  if (item.kind == entry_kind::configuration)
    members_.push_back({item.index, *item.members});
  const auto bytes = bytes_of(item);
  sizes_.push_back(static_cast<std::uint32_t>(bytes));
  tail_bytes_ += bytes;
  tail_.push_back(std::move(item));
}

void raft_log::truncate_from(log_index first) {
  require(first > base_.index, "L1: what a snapshot replaced can't be cut off");
  while (last() >= first) {
    sizes_.pop_back();
    if (!tail_.empty()) {
      tail_bytes_ -= bytes_of(tail_.back());
      tail_.pop_back();
    }
  }
  while (!terms_.empty() && terms_.back().first >= first)
    terms_.pop_back();
  // Rule 6: a configuration goes with its entry.
  while (members_.size() > 1 && members_.back().index >= first
         && !mutated(mutant::keep_members_of_cut_entry))
    members_.pop_back();
  durable_ = std::min(durable_, previous(first));
}

void raft_log::become_durable(log_index index) {
  durable_ = std::max(durable_, std::min(index, last()));
}

void raft_log::evict(log_index through, std::size_t max_bytes) {
  const auto limit = std::min(through, durable_);
  while (tail_bytes_ > max_bytes && !tail_.empty()
         && tail_.front().index <= limit) {
    tail_bytes_ -= bytes_of(tail_.front());
    tail_.pop_front();
  }
}

void raft_log::compact(log_index index) {
  require(index <= last(), "L1: compaction behind the end");
  if (index <= base_.index)
    return;
  const auto mark = mark_at(index);
  while (!tail_.empty() && tail_.front().index <= index) {
    tail_bytes_ -= bytes_of(tail_.front());
    tail_.pop_front();
  }
  sizes_.erase(sizes_.begin(),
               sizes_.begin()
                 + static_cast<std::ptrdiff_t>(index.value - base_.index.value));
  while (terms_.size() > 1 && terms_[1].first <= next(index))
    terms_.erase(terms_.begin());
  if (sizes_.empty())
    terms_.clear();
  else
    terms_.front().first = std::max(terms_.front().first, next(index));
  while (members_.size() > 1 && members_[1].index <= index)
    members_.erase(members_.begin());
  members_.front().index = index;
  base_ = mark;
}

void raft_log::reset(const snapshot_mark& mark) {
  // What was durable stays so up to the old end, but says nothing of the mark.
  durable_ = std::min(durable_, previous(mark.index));
  base_ = mark;
  tail_.clear();
  tail_bytes_ = 0;
  sizes_.clear();
  terms_.clear();
  members_ = {{mark.index, mark.members}};
}

const configuration& raft_log::members_at(log_index index) const {
  auto item = members_.rbegin();
  while (item->index > index && std::next(item) != members_.rend())
    ++item;
  return item->members;
}

snapshot_mark raft_log::mark_at(log_index index) const {
  const auto at_term = term_at(index);
  require(at_term.has_value(), "L1: a mark outside of the log");
  return {index, at_term.value_or(term{}), members_at(index)};
}

} // namespace present::raft
