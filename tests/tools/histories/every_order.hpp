#pragma once

#include <cstddef>
#include <vector>

/// Judges a small history by trying every order of what it has. `Rules` are:
///
///     static bool has_taken_place(const Item&)       it is somewhere in the order
///     static bool may_take_place(const Item&)
///     static bool is_before(const Item&, const Item&)  one ended before the other began
///     static bool takes_place(const Item&, State&)   does it; false: its answer isn't right
namespace present::histories {

template <class Rules, class Item, class State>
bool goes_on(const std::vector<Item>& history, std::vector<bool>& placed, const State& now) {
  bool whole = true;
  for (std::size_t place = 0; place < history.size(); ++place)
    whole = whole && (placed[place] || !Rules::has_taken_place(history[place]));
  if (whole)
    return true;
  for (std::size_t next = 0; next < history.size(); ++next) {
    bool may_be_next = !placed[next] && Rules::may_take_place(history[next]);
    for (std::size_t other = 0; other < history.size() && may_be_next; ++other)
      may_be_next = placed[other] || !Rules::is_before(history[other], history[next]);
    auto then = now;
    if (!may_be_next || !Rules::takes_place(history[next], then))
      continue;
    placed[next] = true;
    const auto found = goes_on<Rules>(history, placed, then);
    placed[next] = false;
    if (found)
      return true;
  }
  return false;
}

} // namespace present::histories
