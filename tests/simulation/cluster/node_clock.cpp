#include "tests/simulation/cluster/node_clock.hpp"

#include <utility>

namespace present::simulation::cluster {

std::uint64_t node_clock::monotonic_ns() const {
  if (throw_after_ && (*throw_after_)-- == 0) {
    throw_after_.reset();
    throw injected_exception("an exception out of nowhere");
  }
  const auto passed = static_cast<std::int64_t>(time_.now() - read_at_);
  return base_ + static_cast<std::uint64_t>(passed + passed / 1000 * drift_per_mille_);
}

std::uint64_t node_clock::wall_ms() const {
  const auto threat = std::exchange(throw_after_, std::nullopt);
  const auto now = monotonic_ns();
  throw_after_ = threat;
  const auto machine = static_cast<std::int64_t>(epoch_ms * ms + time_.now())
                       + offset_ms_ * static_cast<std::int64_t>(ms);
  return wall_.sample(now, static_cast<std::uint64_t>(machine)) / ms;
}

void node_clock::drift(std::int64_t per_mille) {
  const auto threat = std::exchange(throw_after_, std::nullopt);
  base_ = monotonic_ns();
  throw_after_ = threat;
  read_at_ = time_.now();
  drift_per_mille_ = per_mille;
}

} // namespace present::simulation::cluster
