#include "storage/crdt/counters.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace present::crdt {

namespace {

constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

} // namespace

result<g_counter> g_counter::add(replica_id by, std::uint64_t amount) const {
  const auto now = total();
  if (now > most || amount > most - now)
    return make_error(error_code::invalid,
                      "the counter is at " + std::to_string(now) + "; "
                        + std::to_string(amount) + " more is more than 63 bits");
  g_counter delta;
  const auto own = counts.find(by);
  if (amount > 0)
    delta.counts[by] = (own == counts.end() ? 0 : own->second) + amount;
  return delta;
}

std::uint64_t g_counter::total() const {
  std::uint64_t sum = 0;
  for (const auto& [replica, count] : counts)
    if (__builtin_add_overflow(sum, count, &sum))
      return std::numeric_limits<std::uint64_t>::max();
  return sum;
}

void g_counter::join(const g_counter& other) {
  for (const auto& [replica, count] : other.counts) {
    auto& mine = counts[replica];
    mine = std::max(mine, count);
  }
}

result<pn_counter> pn_counter::add(replica_id by, std::int64_t amount) const {
  // 0 - amount, so that the lowest number has its opposite.
  const auto size = amount < 0 ? 0 - static_cast<std::uint64_t>(amount)
                               : static_cast<std::uint64_t>(amount);
  auto changed = (amount < 0 ? taken : added).add(by, size);
  if (!changed)
    return changed.problem();
  return amount < 0 ? pn_counter{{}, *changed} : pn_counter{*changed, {}};
}

std::int64_t pn_counter::total() const {
  const auto up = added.total();
  const auto down = taken.total();
  if (up >= down)
    return static_cast<std::int64_t>(std::min(up - down, most));
  return -static_cast<std::int64_t>(std::min(down - up, most));
}

void pn_counter::join(const pn_counter& other) {
  added.join(other.added);
  taken.join(other.taken);
}

} // namespace present::crdt
