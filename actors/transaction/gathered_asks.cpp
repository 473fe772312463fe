#include "actors/transaction/gathered_asks.hpp"

#include "actors/partition/joined_steps.hpp"
#include "actors/partition/operation_size.hpp"
#include "runtime/base/bounds.hpp"

namespace present::transaction {

std::vector<home_request> requests_of(std::vector<ask_home> all) {
  std::vector<home_request> requests;
  std::optional<std::uint32_t> joined; ///< its place in the last request
  std::size_t bytes = 0;
  for (auto& one : all) {
    const auto more = encoded_bytes(one.what);
    if (requests.empty() || requests.back().tickets.size() == bounds::max_request_operations
        || bytes + more > bounds::max_request) {
      requests.emplace_back();
      joined.reset();
      bytes = 0;
    }
    bytes += more;
    auto& [operations, tickets] = requests.back();
    if (one.may_join && joined) {
      join(operations[*joined], one.what);
      tickets.push_back({one.ticket, *joined});
      continue;
    }
    const auto place = static_cast<std::uint32_t>(operations.size());
    if (one.may_join)
      joined = place;
    operations.push_back(std::move(one.what));
    tickets.push_back({one.ticket, place});
  }
  return requests;
}

/// Half as long again, for the next ones may come a little later.
void gathered_asks::learn(time_ms now, haste hurry) {
  if (hurry == haste::soon) {
    release_since_ = release_since_.value_or(now);
  } else if (const auto since = release_since_; since && hurry == haste::now) {
    release_since_.reset();
    const auto took = now - *since;
    patience_ = took > longest_release_patience_ms
                  ? release_patience_ms
                  : std::clamp(took + took / 2, release_patience_ms, longest_release_patience_ms);
  }
}

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
