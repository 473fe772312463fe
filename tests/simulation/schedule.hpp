#pragma once

#include "tests/simulation/seeded_random.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>

namespace present::simulation {

/// Time and chance of a run: what happens, in order of time, and at one time in
/// the order in which it was asked for. Nothing else decides an order.
class schedule {
public:
  explicit schedule(std::uint64_t seed) : random(seed) {}

  seeded_random random;

  std::uint64_t now_us() const { return now_us_; }
  std::uint64_t now_ms() const { return now_us_ / 1000; }

  void at(std::uint64_t time_us, std::function<void()> what) {
    queue_.push({std::max(time_us, now_us_), order_++, std::move(what)});
  }
  void after(std::uint64_t delay_us, std::function<void()> what) {
    at(now_us_ + delay_us, std::move(what));
  }

  /// Until that time, or until `done` holds.
  void run_until(std::uint64_t time_us, const std::function<bool()>& done = {}) {
    while (!queue_.empty() && queue_.top().at_us <= time_us) {
      if (done && done())
        return;
      now_us_ = queue_.top().at_us;
      const auto what = std::move(const_cast<occurrence&>(queue_.top()).what);
      queue_.pop();
      what();
    }
    now_us_ = std::max(now_us_, time_us);
  }

private:
  struct occurrence {
    std::uint64_t at_us;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const occurrence& other) const {
      return std::pair{other.at_us, other.order} < std::pair{at_us, order};
    }
  };
  std::priority_queue<occurrence> queue_;
  std::uint64_t order_ = 0;
  std::uint64_t now_us_ = 0;
};

} // namespace present::simulation
