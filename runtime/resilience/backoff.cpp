#include "runtime/resilience/backoff.hpp"

#include "runtime/base/splitmix64.hpp"

#include <algorithm>

namespace present::resilience {

std::uint32_t backoff::ceiling_ms() const {
  // 2^32 * base is beyond any cap: shifting further would overflow.
  const auto doublings = std::min<std::uint32_t>(attempts_, 31);
  const auto grown = static_cast<std::uint64_t>(chosen_.base_ms) << doublings;
  return static_cast<std::uint32_t>(
    std::min<std::uint64_t>(grown, chosen_.cap_ms));
}

std::uint32_t backoff::next_ms() {
  const auto ceiling = ceiling_ms();
  if (attempts_ < UINT32_MAX)
    ++attempts_;
  return static_cast<std::uint32_t>(splitmix64(state_) % (std::uint64_t{ceiling} + 1));
}

} // namespace present::resilience
