#include "storage/crdt/dots.hpp"

#include <algorithm>
#include <limits>

namespace present::crdt {

bool causal_context::contains(dot what) const {
  const auto found = seen_.find(what.replica);
  return what.count > 0
         && ((found != seen_.end() && what.count <= found->second)
             || apart_.contains(what));
}

dot causal_context::next(replica_id by) const {
  const auto found = seen_.find(by);
  auto last = found == seen_.end() ? 0 : found->second;
  // Its own changes may have come back to it with gaps.
  const auto after
    = apart_.upper_bound({by, std::numeric_limits<std::uint64_t>::max()});
  if (after != apart_.begin() && std::prev(after)->replica == by)
    last = std::max(last, std::prev(after)->count);
  return {by, last + 1};
}

void causal_context::add(dot what) {
  if (what.count == 0 || contains(what))
    return;
  apart_.insert(what);
  compact(what.replica);
}

void causal_context::join(const causal_context& other) {
  for (const auto& [replica, count] : other.seen_) {
    auto& mine = seen_[replica];
    mine = std::max(mine, count);
    compact(replica);
  }
  for (const auto& what : other.apart_)
    add(what);
}

void causal_context::compact(replica_id of) {
  const auto found = seen_.find(of);
  const auto before = found == seen_.end() ? 0 : found->second;
  auto last = before;
  auto next = apart_.lower_bound({of, 0});
  while (next != apart_.end() && next->replica == of && next->count <= last + 1) {
    last = std::max(last, next->count);
    next = apart_.erase(next);
  }
  if (last > before)
    seen_[of] = last;
}

void join(dot_set& mine, const causal_context& my_context, const dot_set& theirs,
          const causal_context& their_context) {
  std::erase_if(mine, [&](const dot& one) {
    return their_context.contains(one) && !theirs.contains(one);
  });
  for (const auto& one : theirs)
    if (!my_context.contains(one))
      mine.insert(one);
}

void join(dot_values& mine, const causal_context& my_context, const dot_values& theirs,
          const causal_context& their_context) {
  std::erase_if(mine, [&](const auto& one) {
    return their_context.contains(one.first) && !theirs.contains(one.first);
  });
  for (const auto& [one, value] : theirs) {
    const auto found = mine.find(one);
    if (found != mine.end())
      // A replica that used a dot twice; all still agree on one of its values.
      found->second = std::max(found->second, value);
    else if (!my_context.contains(one))
      mine.emplace(one, value);
  }
}

} // namespace present::crdt
