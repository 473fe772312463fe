#include "tools/histories/counter_model.hpp"

#include <tuple>

namespace present::histories {

counter_model::counter_model(const std::vector<operation>& history) {
  std::map<std::tuple<bool, std::int64_t, std::optional<std::int64_t>>, std::uint32_t> alike;
  for (std::size_t place = 0; place < history.size(); ++place) {
    const auto& one = history[place];
    deed what;
    if (const auto* more = std::get_if<add_amount>(&one.what)) {
      what = {true, more->amount, {}};
      if (one.returned && more->total)
        what.needs = *more->total - more->amount;
      only_rises_ = only_rises_ && more->amount >= 0;
    } else if (one.returned) {
      what.needs = std::get<read_total>(one.what).total;
    } else {
      continue; // nobody knows what it saw
    }
    const auto next = static_cast<std::uint32_t>(alike.size());
    const auto number
      = alike.try_emplace({what.adds, what.amount, what.needs}, next).first->second;
    steps_.push_back({place, one.called, one.returned.value_or(never), number});
    deeds_.push_back(what);
    if (what.needs)
      ++needed_[*what.needs];
  }
}

bool counter_model::allows(std::size_t place) const {
  const auto& what = deeds_[place];
  if (what.needs && *what.needs != total_)
    return false;
  return !what.adds || what.amount == 0 || !only_rises_ || passes_by_none(place);
}

bool counter_model::passes_by_none(std::size_t place) const {
  const auto& what = deeds_[place];
  auto lowest = needed_.begin();
  if (lowest != needed_.end() && what.needs == lowest->first && lowest->second == 1)
    ++lowest; // only this step itself
  return lowest == needed_.end() || lowest->first >= total_ + what.amount;
}

void counter_model::apply(std::size_t place) {
  const auto& what = deeds_[place];
  if (what.needs)
    if (const auto found = needed_.find(*what.needs); --found->second == 0)
      needed_.erase(found);
  total_ += what.amount;
}

void counter_model::undo(std::size_t place) {
  const auto& what = deeds_[place];
  total_ -= what.amount;
  if (what.needs)
    ++needed_[*what.needs];
}

} // namespace present::histories
