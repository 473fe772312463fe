#include "runtime/resilience/backoff.hpp"

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
  // splitmix64, as in runtime/edge/entropy.cpp; there is no need for more here.
  auto value = state_ += 0x9e3779b97f4a7c15;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  value ^= value >> 31;
  return static_cast<std::uint32_t>(value % (std::uint64_t{ceiling} + 1));
}

} // namespace present::resilience
