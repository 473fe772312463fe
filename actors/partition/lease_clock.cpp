#include "actors/partition/lease_clock.hpp"

#include "actors/partition/mutant.hpp"

#include <algorithm>

namespace present::partition {

void lease_clock::begin(const lock_book& book, time_ms now) {
  end();
  leads_ = true;
  for (const auto& [lock, record] : book.all())
    for (const auto& each : record.claims)
      start({lock, each.claim}, now + (mutated(mutant::short_leases) ? 0 : each.lease_ms));
}

void lease_clock::end() {
  leads_ = false;
  until_.clear();
  order_.clear();
  due_.clear();
}

void lease_clock::on_change(const lock_book::change& what, const lock_book& book, time_ms now) {
  if (!leads_)
    return;
  const auto* lock = book.find(what.lock);
  const auto is_there = [&](claim_id claim) {
    return lock && std::any_of(lock->claims.begin(), lock->claims.end(),
                               [&](const auto& each) { return each.claim == claim; });
  };
  std::vector<claim_name> gone;
  const claim_name first{what.lock, {}};
  for (auto at = until_.lower_bound(first); at != until_.end() && at->first.lock == what.lock; ++at)
    if (!is_there(at->first.claim))
      gone.push_back(at->first);
  for (auto at = due_.lower_bound(first); at != due_.end() && at->lock == what.lock; ++at)
    if (!is_there(at->claim))
      gone.push_back(*at);
  for (const auto& each : gone)
    stop(each);
  if (!lock)
    return;
  for (const auto& each : lock->claims)
    if (each.claim == what.begun)
      start({what.lock, each.claim}, now + each.lease_ms);
}

bool lease_clock::keep(const claim_name& claim, std::uint32_t lease_ms, time_ms arrived) {
  const auto found = until_.find(claim);
  if (found == until_.end())
    return !due_.contains(claim);
  if (arrived + lease_ms > found->second)
    start(claim, arrived + lease_ms);
  return true;
}

void lease_clock::advance(const lock_book& book, time_ms now) {
  if (order_.empty() || order_.begin()->first > now)
    return;
  if (now - order_.begin()->first > stall_ms) {
    const auto was_due = due_;
    begin(book, now);
    for (const auto& each : was_due) {
      stop(each);
      due_.insert(each);
    }
    return;
  }
  while (!order_.empty() && order_.begin()->first <= now) {
    const auto claim = order_.begin()->second;
    stop(claim);
    due_.insert(claim);
  }
}

std::optional<time_ms> lease_clock::next_look() const {
  if (order_.empty())
    return std::nullopt;
  return order_.begin()->first;
}

expire_claims lease_clock::due() const {
  expire_claims what;
  for (const auto& each : due_) {
    if (what.claims.size() == max_expired)
      break;
    what.claims.push_back(each);
  }
  return what;
}

void lease_clock::start(const claim_name& claim, time_ms until) {
  stop(claim);
  until_[claim] = until;
  order_.emplace(until, claim);
}

void lease_clock::stop(const claim_name& claim) {
  due_.erase(claim);
  const auto found = until_.find(claim);
  if (found == until_.end())
    return;
  order_.erase({found->second, claim});
  until_.erase(found);
}

} // namespace present::partition
