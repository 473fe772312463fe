#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>

namespace present::simulation {

/// Virtual time, in its owner's unit, and what is to happen in it. It moves only when
/// somebody moves it. Nothing else decides an order.
class timeline {
public:
  std::uint64_t now() const { return now_; }

  /// Of what is due at the same time, what was asked for first comes first.
  void at(std::uint64_t when, std::function<void()> what) {
    queue_.push({std::max(when, now_), order_++, std::move(what)});
  }
  void after(std::uint64_t delay, std::function<void()> what) {
    at(now_ + delay, std::move(what));
  }

  /// When the next thing is due; empty: nothing is.
  std::optional<std::uint64_t> next() const {
    return queue_.empty() ? std::nullopt : std::optional{queue_.top().when};
  }

  void move_to(std::uint64_t when) { now_ = std::max(now_, when); }

  /// Does the next thing that is due by now. False: there is none.
  bool run_due() {
    if (queue_.empty() || queue_.top().when > now_)
      return false;
    const auto what = std::move(const_cast<occurrence&>(queue_.top()).what);
    queue_.pop();
    what();
    return true;
  }

  void clear() { queue_ = {}; }

private:
  struct occurrence {
    std::uint64_t when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const occurrence& other) const {
      return std::pair{other.when, other.order} < std::pair{when, order};
    }
  };

  std::uint64_t now_ = 0;
  std::uint64_t order_ = 0;
  std::priority_queue<occurrence> queue_;
};

} // namespace present::simulation
