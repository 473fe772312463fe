#include "actors/partition/transaction_plan.hpp"

#include "runtime/base/splitmix64.hpp"

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

/// A name outlives the attempts at it: one that has died for an older transaction is over
/// for good (P7), and the next one, which has another deadline, isn't taken for it. Home's
/// answer under the name lets only one of them commit (P6).
operation_id transaction_of(const operation& asked) {
  if (asked.fingerprint == 0)
    return asked.id;
  auto mixed = asked.id.client.value;
  for (const auto part : {asked.fingerprint, asked.retry_until.value})
    mixed = splitmix64_of(mixed ^ splitmix64_of(part + splitmix64_step));
  return {client_id{mixed}, asked.id.number};
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

const std::vector<std::uint32_t>& places_of(const branch_places& places, bool otherwise) {
  return otherwise ? places.otherwise : places.then;
}

/// Of the others' steps, and why one of them can't be taken; empty if all wrote.
class gathered_steps {
public:
  explicit gathered_steps(bool otherwise) : otherwise_(otherwise) {}

  void add(const prepared_results& each) {
    const auto& places = places_of(each.part->places, otherwise_);
    const auto& steps = otherwise_ && each.branch ? each.branch->steps : each.steps;
    const auto problem = !each.branch ? storage::branch_problem{}
                         : otherwise_ ? each.branch->of_this
                                      : each.branch->of_first;
    if (problem_.code == error_code::ok)
      problem_ = problem;
    all_wrote_ = all_wrote_ && !steps;
    for (std::size_t n = 0; n < places.size(); ++n) {
      const bool is_told = steps && n < steps->size();
      there_.emplace_back(places[n], is_told ? restamped((*steps)[n], each.stamp, decisions_stamp)
                                             : wrote(decisions_stamp));
    }
  }

  void into(results_elsewhere& all) && {
    all.steps += static_cast<std::uint32_t>(there_.size());
    all.problem = std::move(problem_);
    if (all_wrote_ || all.problem.code != error_code::ok)
      return;
    std::sort(there_.begin(), there_.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<storage::step_result> steps;
    for (auto& [place, one] : there_)
      steps.push_back(std::move(one));
    all.steps_there
      = std::make_shared<const std::vector<storage::step_result>>(std::move(steps));
  }

private:
  bool otherwise_;
  storage::branch_problem problem_;
  std::vector<std::pair<std::uint32_t, storage::step_result>> there_;
  bool all_wrote_ = true;
};

results_elsewhere gather_results(const transaction_plan& plan,
                                 const std::vector<prepared_results>& prepared,
                                 bool otherwise) {
  results_elsewhere all;
  all.places = places_of(plan.home_places, otherwise);
  all.steps = static_cast<std::uint32_t>(all.places.size());
  gathered_steps steps{otherwise};
  for (const auto& each : prepared)
    steps.add(each);
  std::move(steps).into(all);
  return all;
}

} // namespace

result<transaction_plan> plan_of(const operation& asked, partition_id home,
                                 const cluster_map& map, hlc_stamp now) {
  const auto& whole = std::get<transact>(asked.what);
  auto parts = parts_of(whole, map);
  if (!parts)
    return parts.problem();
  transaction_plan plan;
  plan.asked = {asked.id,          asked.retry_until, asked.acked_below,
                asked.fingerprint, transact{},        asked.fence};
  plan.compares = !whole.compare.empty() || !whole.otherwise.empty();
  const auto start = whole.start.value != 0 ? whole.start : now;
  plan.terms = {transaction_of(asked), {}, start, asked.retry_until};
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

decide decision_of(const transaction_plan& plan,
                   const std::vector<prepared_results>& prepared) {
  decide what{plan.terms, plan.home_part, {}, {}, false, {}};
  for (const auto& each : prepared) {
    what.others.push_back({each.part->where, each.stamp});
    what.fails = what.fails || (each.branch && each.branch->is_certain);
  }
  if (!what.fails)
    what.elsewhere = gather_results(plan, prepared, false);
  if (plan.compares)
    what.otherwise = gather_results(plan, prepared, true);
  return what;
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
