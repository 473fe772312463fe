#include "runtime/observe/sampler.hpp"

namespace present::observe {

bool sampler::takes(std::uint64_t trace_low, time_ms now) {
  if (now - second_began_ >= 1000)
    begin_second(now);
  ++seen_;
  if (trace_low > threshold_ || taken_ >= 2 * std::uint64_t{target_})
    return false;
  ++taken_;
  return true;
}

double sampler::share() const {
  return static_cast<double>(threshold_) / static_cast<double>(UINT64_MAX);
}

void sampler::begin_second(time_ms now) {
  // After a pause the load of the last counted second means nothing.
  const bool adjacent = now - second_began_ < 2000;
  threshold_ = adjacent && seen_ > target_
                 ? UINT64_MAX / seen_ * target_
                 : UINT64_MAX;
  second_began_ = now;
  seen_ = 0;
  taken_ = 0;
}

} // namespace present::observe
