#include "actors/transaction/gathered_asks.hpp"

namespace present::transaction {

auto gathered_asks::take(time_ms now) -> taken {
  taken all;
  for (auto each = of_homes_.begin(); each != of_homes_.end();) {
    if (!each->second.may_go(now)) {
      ++each;
      continue;
    }
    all.of_homes.emplace(each->first, std::move(each->second.asked));
    each = of_homes_.erase(each);
  }
  if (of_cluster_.may_go(now))
    all.of_cluster = std::exchange(of_cluster_, {}).asked;
  return all;
}

std::optional<time_ms> gathered_asks::next_due() const {
  auto due = of_cluster_.due;
  for (const auto& [whom, waiting] : of_homes_)
    if (!due || *waiting.due < *due)
      due = waiting.due;
  return due;
}

} // namespace present::transaction
