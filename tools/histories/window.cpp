#include "tools/histories/window.hpp"

#include "tools/histories/register_model.hpp"
#include "tools/histories/search.hpp"

#include <algorithm>
#include <set>

namespace present::histories {

namespace {

using value = std::optional<std::string>;

/// In operations before the suspect: about a window's length.
constexpr std::size_t first_reach = 4;
constexpr std::size_t most_reach = 1024;
/// Configurations for each value that may have been there: a window is small.
constexpr std::size_t patience = 30'000;

const value* written_by(const action& what) {
  if (const auto* write = std::get_if<put>(&what))
    return &write->value;
  if (const auto* swap = std::get_if<cas>(&what))
    return &swap->value;
  return nullptr;
}

const value* needed_by(const action& what) {
  if (const auto* read = std::get_if<get>(&what))
    return &read->found;
  if (const auto* swap = std::get_if<cas>(&what))
    return &swap->expected;
  return nullptr;
}

/// One that writes, or may have written.
bool may_write(const operation& one) {
  const auto* swap = std::get_if<cas>(&one.what);
  return std::holds_alternative<put>(one.what) || (swap && (swap->wrote || !one.returned));
}

/// The values on which an answer depends. Where one of unknown outcome would lead from
/// a value to another that no answer depends on, it may as well not have happened.
std::set<value> values_that_matter(const std::vector<operation>& history) {
  std::set<value> matter;
  for (const auto& one : history)
    if (const auto* needed = needed_by(one.what); needed && one.returned)
      matter.insert(*needed);
  for (bool more = true; more;) {
    more = false;
    for (const auto& one : history)
      if (const auto* swap = std::get_if<cas>(&one.what);
          swap && !one.returned && matter.contains(swap->value))
        more = matter.insert(swap->expected).second || more;
  }
  return matter;
}

struct future {
  std::vector<operation> operations;
  std::vector<value> first_values; ///< any of them may be there at the moment
};

future future_of(std::uint64_t moment, const std::vector<operation>& history) {
  future ahead;
  std::set<value> earlier{{}};
  for (const auto& one : history) {
    if (one.called < moment && may_write(one))
      earlier.insert(*written_by(one.what));
    const auto is_over = one.returned && *one.returned < moment;
    if (is_over || (one.called < moment && !may_write(one)))
      continue;
    ahead.operations.push_back(one);
    if (one.called < moment)
      ahead.operations.back().returned.reset();
  }
  const auto matter = values_that_matter(ahead.operations);
  bool has_other = false; // one that doesn't matter stands for all of them
  for (const auto& one : earlier) {
    const auto matters = matter.contains(one);
    if (matters || !has_other)
      ahead.first_values.push_back(one);
    has_other = has_other || !matters;
  }
  return ahead;
}

} // namespace

bool is_violated_since(std::uint64_t moment, const std::vector<operation>& history) {
  const auto ahead = future_of(moment, history);
  return std::all_of(
    ahead.first_values.begin(), ahead.first_values.end(), [&](const value& there) {
      register_model model{ahead.operations, there};
      return search(model, patience).how == search_result::end::none;
    });
}

bool is_violated_near(std::uint64_t suspect, const std::vector<operation>& history) {
  std::vector<std::uint64_t> calls;
  for (const auto& one : history)
    if (one.called <= suspect)
      calls.push_back(one.called);
  std::sort(calls.begin(), calls.end());
  for (auto reach = first_reach; reach <= most_reach && reach < calls.size(); reach *= 4)
    if (is_violated_since(calls[calls.size() - reach], history))
      return true;
  return false;
}

} // namespace present::histories
