#pragma once

#include "runtime/base/ids.hpp"

#include <deque>

namespace present::client {

/// The numbers of one session's operations: given out in order, closed in any,
/// and the lowest that is still open is what the client says it has the answers
/// below (P4). Each costs a few nanoseconds, however many are open.
class open_numbers {
public:
  operation_number take() {
    closed_.push_back(false);
    return {first_ + closed_.size() - 1};
  }

  void close(operation_number number) {
    closed_[number.value - first_] = true;
    for (; !closed_.empty() && closed_.front(); ++first_)
      closed_.pop_front();
  }

  /// The lowest open number; if none is open, the next to be given out.
  operation_number lowest_open() const { return {first_}; }

private:
  std::uint64_t first_ = 1;
  std::deque<bool> closed_; ///< from `first_` on, which is open
};

} // namespace present::client
