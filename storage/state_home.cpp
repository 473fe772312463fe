#include "storage/state_home.hpp"

namespace present::storage {

namespace {

bool is_of_no_use(const error& why) {
  return why.code == error_code::damaged || why.code == error_code::too_old;
}

result<opened_state> open_as_it_is(state_home& home) {
  auto state = home.open();
  if (!state)
    return state.problem();
  auto mark = (*state)->applied();
  if (!mark)
    return mark.problem();
  return opened_state{std::move(*state), std::move(*mark), std::nullopt};
}

} // namespace

result<opened_state> open_usable_state(state_home& home) {
  auto opened = open_as_it_is(home);
  if (opened || !is_of_no_use(opened.problem()))
    return opened;
  const auto why = opened.problem();
  home.condemn();
  opened = open_as_it_is(home);
  if (opened)
    opened->set_aside = why;
  return opened;
}

} // namespace present::storage
