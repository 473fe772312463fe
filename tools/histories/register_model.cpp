#include "tools/histories/register_model.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <tuple>
#include <unordered_map>

namespace present::histories {

class register_model::value_names {
public:
  value_number of(const std::optional<std::string>& value) {
    if (!value)
      return nothing;
    return numbers_.try_emplace(*value, static_cast<value_number>(numbers_.size() + 2))
      .first->second;
  }
  std::size_t count() const { return numbers_.size() + 2; }

private:
  std::unordered_map<std::string, value_number> numbers_;
};

register_model::register_model(const std::vector<operation>& history,
                               const std::optional<std::string>& initial) {
  value_names names;
  for (std::size_t place = 0; place < history.size(); ++place)
    add_step(history[place], place, names);
  state_ = names.of(initial);
  lives_.resize(names.count());
  merge_unseen();
  count_lives();
  tighten();
  for (std::size_t place = 0; place < steps_.size(); ++place)
    if (is_observer(place)) {
      auto& last = lives_[deeds_[place].needs].last_seen;
      last = std::max(last, steps_[place].called);
    }
  number_alike();
}

void register_model::add_step(const operation& one, std::size_t place, value_names& names) {
  deed what;
  if (const auto* read = std::get_if<get>(&one.what)) {
    if (!one.returned)
      return; // nobody knows what it saw
    what = {deed::is::read, names.of(read->found), nothing};
  } else if (const auto* write = std::get_if<put>(&one.what)) {
    what = {deed::is::write, nothing, names.of(write->value)};
  } else {
    const auto& swap = std::get<cas>(one.what);
    const auto swapped = swap.wrote || !one.returned;
    what = {swapped ? deed::is::swap : deed::is::mismatch, names.of(swap.expected),
            names.of(swap.value)};
  }
  steps_.push_back({place, one.called, one.returned.value_or(never), 0});
  deeds_.push_back(what);
}

/// Also what a `cas` didn't find counts as seen: it tells that value from others.
void register_model::merge_unseen() {
  std::vector<bool> seen(lives_.size());
  seen[nothing] = true;
  for (const auto& what : deeds_)
    if (what.what != deed::is::write)
      seen[what.needs] = true;
  for (auto& what : deeds_)
    if (!seen[what.makes])
      what.makes = unseen;
  if (!seen[state_])
    state_ = unseen;
}

void register_model::count_lives() {
  for (std::size_t place = 0; place < steps_.size(); ++place) {
    if (makes_state(place))
      ++lives_[deeds_[place].makes].writers;
    if (is_observer(place))
      ++lives_[deeds_[place].needs].observers;
  }
}

bool register_model::makes_state(std::size_t place) const {
  const auto what = deeds_[place].what;
  return what == deed::is::write || what == deed::is::swap;
}

bool register_model::is_observer(std::size_t place) const {
  const auto what = deeds_[place].what;
  return what == deed::is::read
         || (what == deed::is::swap && steps_[place].returned != never);
}

/// Of values that weren't there at first. From the earliest return on, so that each step's end is final when it hands it
/// on to the writer of what it saw.
void register_model::tighten() {
  std::vector<std::size_t> writer(lives_.size());
  for (std::size_t place = 0; place < steps_.size(); ++place)
    if (makes_state(place))
      writer[deeds_[place].makes] = place;
  using due = std::pair<std::uint64_t, std::size_t>;
  std::priority_queue<due, std::vector<due>, std::greater<>> queue;
  for (std::size_t place = 0; place < steps_.size(); ++place)
    if (is_observer(place))
      queue.push({steps_[place].returned, place});
  while (!queue.empty()) {
    const auto [at, place] = queue.top();
    queue.pop();
    const auto value = deeds_[place].needs;
    if (at != steps_[place].returned || value == state_ || lives_[value].writers != 1)
      continue;
    const auto source = writer[value];
    if (steps_[source].returned <= at)
      continue;
    // It is known to have happened, and a swap then saw what it expected.
    const auto was_observer = is_observer(source);
    steps_[source].returned = at;
    if (deeds_[source].what == deed::is::swap) {
      if (!was_observer)
        ++lives_[deeds_[source].needs].observers;
      queue.push({at, source});
    }
  }
}

void register_model::number_alike() {
  std::map<std::tuple<deed::is, value_number, value_number>, std::uint32_t> numbers;
  for (std::size_t place = 0; place < steps_.size(); ++place) {
    const auto& what = deeds_[place];
    const auto next = static_cast<std::uint32_t>(numbers.size());
    steps_[place].alike
      = numbers.try_emplace({what.what, what.needs, what.makes}, next).first->second;
  }
}

bool register_model::allows(std::size_t place) const {
  const auto& what = deeds_[place];
  if (what.what == deed::is::read)
    return state_ == what.needs;
  if (what.what == deed::is::mismatch)
    return state_ != what.needs;
  if (what.what == deed::is::swap && state_ != what.needs)
    return false;
  const auto own = is_observer(place) ? 1U : 0U; // sees this state, then ends it
  const auto& here = lives_[state_];
  return what.makes == state_ || here.observers == own || here.writers > 0;
}

bool register_model::is_free(std::size_t place) const {
  return !makes_state(place);
}

std::uint64_t register_model::stays_until(std::size_t place) const {
  // Who saw it and has its place already was called before all that is to come.
  const auto& made = lives_[deeds_[place].makes];
  return makes_state(place) && made.writers == 1 ? made.last_seen : 0;
}

bool register_model::goes_with(std::size_t place, std::size_t other) const {
  const auto made = deeds_[place].makes;
  const auto& what = deeds_[other];
  if (what.what == deed::is::mismatch)
    return what.needs != made;
  return what.what != deed::is::write && what.needs == made;
}

void register_model::apply(std::size_t place) {
  const auto& what = deeds_[place];
  earlier_.push_back(state_);
  if (is_observer(place))
    --lives_[what.needs].observers;
  if (makes_state(place)) {
    --lives_[what.makes].writers;
    state_ = what.makes;
  }
}

void register_model::undo(std::size_t place) {
  const auto& what = deeds_[place];
  state_ = earlier_.back();
  earlier_.pop_back();
  if (is_observer(place))
    ++lives_[what.needs].observers;
  if (makes_state(place))
    ++lives_[what.makes].writers;
}

} // namespace present::histories
