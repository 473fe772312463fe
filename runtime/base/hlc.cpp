#include "runtime/base/hlc.hpp"

#include <algorithm>

namespace present {

std::string to_string(hlc_stamp stamp) {
  return std::to_string(stamp.wall_ms()) + '.'
         + std::to_string(stamp.counter());
}

hlc_stamp hybrid_clock::tick(std::uint64_t wall_ms) {
  // Counting past 65,535 carries into the milliseconds: the order still holds.
  latest_.value = std::max(latest_.value + 1, hlc_stamp::of(wall_ms, 0).value);
  return latest_;
}

std::optional<hlc_stamp> hybrid_clock::merge(hlc_stamp seen,
                                             std::uint64_t wall_ms) {
  if (seen.wall_ms() > wall_ms + max_offset_ms_)
    return std::nullopt;
  raise(seen);
  return tick(wall_ms);
}

void hybrid_clock::raise(hlc_stamp floor) {
  latest_ = std::max(latest_, floor);
}

} // namespace present
