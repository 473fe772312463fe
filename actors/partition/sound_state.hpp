#pragma once

#include "runtime/base/check.hpp"
#include "runtime/base/error.hpp"

namespace present::partition {

/// A row that the state machine needs fails its check. Going on would make this
/// replica differ from the others, so it is built anew without this state.
class state_damaged : public invariant_violation {
public:
  using invariant_violation::invariant_violation;
};

/// What was read of the state; throws `state_damaged` if it is damaged, and
/// `invariant_violation` if it can't be read for another reason.
template <class T>
T& sound(result<T>& found) {
  if (found)
    return *found;
  const auto& why = found.problem();
  if (why.code == error_code::damaged)
    throw state_damaged(why.message);
  throw invariant_violation("the state can't be read: " + why.message);
}

} // namespace present::partition
