#include "tools/histories/set_model.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace present::histories {

class set_model::member_names {
public:
  member_number of(const std::string& member) {
    return numbers_.try_emplace(member, static_cast<member_number>(numbers_.size()))
      .first->second;
  }
  std::size_t count() const { return numbers_.size(); }

private:
  std::unordered_map<std::string, member_number> numbers_;
};

set_model::set_model(const std::vector<operation>& history) {
  member_names names;
  for (std::size_t place = 0; place < history.size(); ++place)
    add_step(history[place], place, names);
  lives_.resize(names.count());
  for (const auto& what : deeds_) {
    for (const auto member : what.saw)
      ++lives_[member].readers;
    readers_ += what.adds ? 0 : 1;
  }
  end_unknown();
}

void set_model::add_step(const operation& one, std::size_t place, member_names& names) {
  deed what;
  if (const auto* more = std::get_if<add_member>(&one.what)) {
    what = {true, names.of(more->member), {}};
  } else if (one.returned) {
    for (const auto& member : std::get<read_members>(one.what).members)
      what.saw.push_back(names.of(member));
    std::sort(what.saw.begin(), what.saw.end());
    what.saw.erase(std::unique(what.saw.begin(), what.saw.end()), what.saw.end());
  } else {
    return; // nobody knows what it saw
  }
  steps_.push_back({place, one.called, one.returned.value_or(never), 0});
  deeds_.push_back(std::move(what));
}

/// An unknown add ends with the first read that saw its member, if no other step
/// added that; if nobody saw it, it goes.
void set_model::end_unknown() {
  std::vector<std::uint64_t> first_seen(lives_.size(), never);
  std::vector<std::uint32_t> writers(lives_.size());
  for (std::size_t place = 0; place < steps_.size(); ++place) {
    for (const auto member : deeds_[place].saw)
      first_seen[member] = std::min(first_seen[member], steps_[place].returned);
    if (deeds_[place].adds)
      ++writers[deeds_[place].member];
  }
  std::size_t kept = 0;
  for (std::size_t place = 0; place < steps_.size(); ++place) {
    auto& one = steps_[place];
    const auto& what = deeds_[place];
    const auto was_unknown = what.adds && one.returned == never;
    if (was_unknown && first_seen[what.member] == never)
      continue;
    if (was_unknown && writers[what.member] == 1)
      one.returned = first_seen[what.member];
    one.alike = static_cast<std::uint32_t>(kept);
    if (kept != place) {
      steps_[kept] = one;
      deeds_[kept] = std::move(deeds_[place]);
    }
    ++kept;
  }
  steps_.resize(kept);
  deeds_.resize(kept);
}

bool set_model::allows(std::size_t place) const {
  const auto& what = deeds_[place];
  if (what.adds)
    return lives_[what.member].added > 0 || lives_[what.member].readers == readers_;
  return what.saw.size() == members_
         && std::all_of(what.saw.begin(), what.saw.end(), [&](member_number member) {
              return lives_[member].added > 0;
            });
}

void set_model::apply(std::size_t place) {
  const auto& what = deeds_[place];
  if (what.adds) {
    members_ += lives_[what.member].added++ == 0 ? 1 : 0;
    return;
  }
  --readers_;
  for (const auto member : what.saw)
    --lives_[member].readers;
}

void set_model::undo(std::size_t place) {
  const auto& what = deeds_[place];
  if (what.adds) {
    members_ -= --lives_[what.member].added == 0 ? 1 : 0;
    return;
  }
  ++readers_;
  for (const auto member : what.saw)
    ++lives_[member].readers;
}

} // namespace present::histories
