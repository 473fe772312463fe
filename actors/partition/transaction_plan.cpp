#include "actors/partition/transaction_plan.hpp"

#include "actors/partition/transaction_parts.hpp"

#include <algorithm>
#include <optional>

namespace present {

namespace {

/// A key of the part, or where a range of it begins.
anchor anchor_of(const transact& part) {
  std::optional<anchor> found;
  visit_places(
    part,
    [&](space_id space, const std::string& key) {
      if (!found || found->key.empty())
        found = anchor{space, key};
    },
    [&](space_id space, const std::string& first, const std::string&) {
      if (!found)
        found = anchor{space, first};
    });
  return found.value_or(anchor{});
}

storage::step_result wrote(hlc_stamp at) {
  return {error_code::ok, at, nullptr, {}, false};
}

/// Replaces the version `from` by `to`: what the transaction itself wrote has another
/// stamp where it prepared than when it is decided.
storage::step_result restamped(storage::step_result what, hlc_stamp from, hlc_stamp to) {
  if (what.version == from)
    what.version = to;
  for (auto& row : what.rows)
    if (row.version == from)
      row.version = to;
  return what;
}

} // namespace

result<transaction_plan> plan_of(const operation& asked, partition_id home,
                                 const cluster_map& map, hlc_stamp now) {
  const auto& whole = std::get<transact>(asked.what);
  if (!whole.compare.empty() || !whole.otherwise.empty())
    return make_error(error_code::invalid,
                      "the transaction compares, and has keys of several partitions: keep "
                      "those of one that compares in one range of one space, or read and "
                      "write in a function");
  auto parts = parts_of(whole, map);
  if (!parts)
    return parts.problem();
  transaction_plan plan;
  plan.asked = asked;
  plan.asked.what = transact{};
  plan.terms = {asked.id, {}, whole.start.value != 0 ? whole.start : now, asked.retry_until};
  bool is_home = false;
  for (auto& part : *parts) {
    if (part.partition == home) {
      is_home = true;
      plan.terms.home = anchor_of(part.what);
      plan.home_part = std::move(part.what);
      plan.home_places = std::move(part.places);
    } else {
      auto where = anchor_of(part.what);
      plan.others.push_back({std::move(where), std::move(part.what), std::move(part.places)});
    }
  }
  if (!is_home)
    return make_error(error_code::wrong_partition,
                      "another partition has this: ask for the map");
  return plan;
}

results_elsewhere gather_results(const transaction_plan& plan,
                                 const std::vector<prepared_results>& prepared) {
  results_elsewhere all;
  all.places = plan.home_places;
  all.steps = static_cast<std::uint32_t>(plan.home_places.size());
  std::vector<std::pair<std::uint32_t, storage::step_result>> there;
  bool all_wrote = true;
  for (const auto& each : prepared) {
    all.steps += static_cast<std::uint32_t>(each.part->places.size());
    for (std::size_t n = 0; n < each.part->places.size(); ++n) {
      const bool is_told = each.steps && n < each.steps->size();
      all_wrote = all_wrote && !each.steps;
      there.emplace_back(each.part->places[n],
                         is_told ? restamped((*each.steps)[n], each.stamp, decisions_stamp)
                                 : wrote(decisions_stamp));
    }
  }
  if (all_wrote)
    return all;
  std::sort(there.begin(), there.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<storage::step_result> steps;
  for (auto& [place, one] : there)
    steps.push_back(std::move(one));
  all.steps_there = std::make_shared<const std::vector<storage::step_result>>(std::move(steps));
  return all;
}

storage::step_results results_of_all(const results_elsewhere& gathered,
                                     const storage::step_results& home, hlc_stamp decision) {
  if (gathered.steps == 0 || (!gathered.steps_there && !home))
    return home;
  std::vector<storage::step_result> all;
  all.reserve(gathered.steps);
  std::size_t here = 0;
  std::size_t there = 0;
  for (std::uint32_t place = 0; place < gathered.steps; ++place) {
    const bool is_homes
      = here < gathered.places.size() && gathered.places[here] == place;
    const auto& from = is_homes ? home : gathered.steps_there;
    const auto at = is_homes ? here++ : there++;
    const bool is_told = from && at < from->size();
    all.push_back(is_told ? restamped((*from)[at], decisions_stamp, decision) : wrote(decision));
  }
  return std::make_shared<const std::vector<storage::step_result>>(std::move(all));
}

} // namespace present
