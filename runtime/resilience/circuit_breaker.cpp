#include "runtime/resilience/circuit_breaker.hpp"

namespace present::resilience {

bool circuit_breaker::allows(time_ms now) {
  switch (phase_) {
    case phase::closed:
      return true;
    case phase::half_open:
      return false;
    case phase::open:
      if (now < opened_at_ + chosen_.pause_ms)
        return false;
      phase_ = phase::half_open;
      return true;
  }
  return false;
}

void circuit_breaker::on_success() {
  // A call that began before the breaker opened says nothing about now.
  if (phase_ == phase::open)
    return;
  phase_ = phase::closed;
  failures_ = 0;
}

void circuit_breaker::on_failure(time_ms now) {
  if (phase_ == phase::open)
    return;
  ++failures_;
  if (phase_ == phase::half_open || failures_ >= chosen_.failures) {
    phase_ = phase::open;
    opened_at_ = now;
    failures_ = 0;
  }
}

std::uint32_t circuit_breaker::retry_after_ms(time_ms now) const {
  if (phase_ != phase::open || now >= opened_at_ + chosen_.pause_ms)
    return 0;
  return static_cast<std::uint32_t>(opened_at_ + chosen_.pause_ms - now);
}

} // namespace present::resilience
