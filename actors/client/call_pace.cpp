#include "actors/client/call_pace.hpp"

#include "runtime/base/bounds.hpp"

#include <algorithm>

namespace present::client {

namespace {

constexpr std::uint64_t gathering_part = 8; ///< of a call's time

} // namespace

bool call_pace::may_call(std::size_t gathered) const {
  return gathered > 0 && phase_ != phase::calling
         && (phase_ == phase::idle || gathered >= expected_);
}

void call_pace::on_called() {
  phase_ = phase::calling;
}

std::optional<call_pace::pause> call_pace::on_answered(std::size_t operations,
                                                       std::uint64_t took_microseconds,
                                                       std::size_t gathered) {
  phase_ = phase::idle;
  if (operations <= 1)
    return {};
  phase_ = phase::gathering;
  expected_ = std::min(operations + gathered, bounds::max_request_operations);
  return pause{took_microseconds / gathering_part, ++tickets_};
}

void call_pace::on_pause_over(std::uint64_t ticket) {
  if (phase_ == phase::gathering && ticket == tickets_)
    phase_ = phase::idle;
}

} // namespace present::client
