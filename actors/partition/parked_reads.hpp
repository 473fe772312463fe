#pragma once

#include "actors/partition/open_requests.hpp"
#include "storage/record.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace present::partition {

/// Reads of locks that have been confirmed and wait for something to change: operation
/// `place` of request `tag`, until a time at the latest. Pure; not thread-safe.
class parked_reads {
public:
  struct read {
    request_tag tag = 0;
    std::uint32_t place = 0;
    time_ms until = 0;
    friend auto operator<=>(const read&, const read&) = default;
  };

  void add(const storage::key_name& lock, const read& what) {
    by_lock_.emplace(lock, what);
    order_.emplace(what.until, std::pair{lock, what});
  }

  /// Those that wait for this lock: out of here.
  std::vector<read> take(const storage::key_name& lock) {
    std::vector<read> taken;
    for (auto at = by_lock_.lower_bound({lock, {}}); at != by_lock_.end() && at->first == lock;) {
      taken.push_back(at->second);
      order_.erase({at->second.until, *at});
      at = by_lock_.erase(at);
    }
    return taken;
  }

  /// Those that wait no longer than until `now`: out of here.
  std::vector<read> take_due(time_ms now) {
    std::vector<read> taken;
    while (!order_.empty() && order_.begin()->first <= now) {
      taken.push_back(order_.begin()->second.second);
      by_lock_.erase(order_.begin()->second);
      order_.erase(order_.begin());
    }
    return taken;
  }

  std::vector<read> take_all() { return take_due(~time_ms{0}); }

  std::optional<time_ms> next_due() const {
    if (order_.empty())
      return std::nullopt;
    return order_.begin()->first;
  }
  std::size_t size() const { return by_lock_.size(); }

private:
  using entry = std::pair<storage::key_name, read>;
  std::set<entry> by_lock_;
  std::set<std::pair<time_ms, entry>> order_;
};

} // namespace present::partition
