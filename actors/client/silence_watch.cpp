#include "actors/client/silence_watch.hpp"

#include <utility>

namespace present::client {

bool silence_watch::on_owed() {
  if (phase_ != phase::at_rest)
    return false;
  phase_ = phase::listening;
  heard_ = false;
  missed_ = 0;
  return true;
}

bool silence_watch::on_heard() {
  heard_ = true;
  if (phase_ != phase::silent)
    return false;
  phase_ = phase::at_rest;
  return true;
}

auto silence_watch::on_tick(bool is_owed) -> order {
  if (phase_ == phase::silent || !is_owed) {
    if (phase_ != phase::silent)
      phase_ = phase::at_rest;
    return order::rest;
  }
  if (std::exchange(heard_, false)) {
    phase_ = phase::listening;
    missed_ = 0;
    return order::listen;
  }
  if (++missed_ >= ticks_to_silence) {
    phase_ = phase::silent;
    return order::give_up;
  }
  return std::exchange(phase_, phase::asking) == phase::asking ? order::listen
                                                               : order::ask_for_sign;
}

} // namespace present::client
