#pragma once

#include "tests/simulation/seeded_random.hpp"
#include "tests/simulation/timeline.hpp"

#include <cstdint>
#include <functional>
#include <utility>

namespace present::simulation {

/// Time, in microseconds, and chance of a run.
class schedule {
public:
  explicit schedule(std::uint64_t seed) : random(seed) {}

  seeded_random random;

  std::uint64_t now_us() const { return line_.now(); }
  std::uint64_t now_ms() const { return now_us() / 1000; }

  void at(std::uint64_t time_us, std::function<void()> what) {
    line_.at(time_us, std::move(what));
  }
  void after(std::uint64_t delay_us, std::function<void()> what) {
    line_.after(delay_us, std::move(what));
  }

  /// Until that time, or until `done` holds.
  void run_until(std::uint64_t time_us, const std::function<bool()>& done = {}) {
    for (auto next = line_.next(); next && *next <= time_us; next = line_.next()) {
      if (done && done())
        return;
      line_.move_to(*next);
      line_.run_due();
    }
    line_.move_to(time_us);
  }

private:
  timeline line_;
};

} // namespace present::simulation
