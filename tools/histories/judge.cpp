#include "tools/histories/judge.hpp"

#include "tools/histories/contradiction.hpp"
#include "tools/histories/counter_model.hpp"
#include "tools/histories/register_model.hpp"
#include "tools/histories/search.hpp"
#include "tools/histories/set_model.hpp"
#include "tools/histories/window.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace present::histories {

namespace {

std::unique_ptr<sequential_model> model_of(const std::vector<operation>& history) {
  switch (kind_of(history.front().what)) {
    case key_kind::counter:
      return std::make_unique<counter_model>(history);
    case key_kind::set:
      return std::make_unique<set_model>(history);
    default:
      return std::make_unique<register_model>(history);
  }
}

struct key_ruling {
  ruling is = ruling::linearizable;
  std::size_t configurations = 0;
  std::size_t stuck_at = 0; ///< place in the key's history
  std::uint64_t suspect = 0; ///< about when it can't be right any more
};

/// A search that goes well looks at about as many configurations as there are
/// operations. One that doesn't is mostly about to find nothing, by trying all.
std::size_t modest_bound(std::size_t operations) {
  return 10'000 + 2 * operations;
}

key_ruling rule(const std::vector<operation>& history, const judge_options& options) {
  if (history.empty())
    return {};
  const auto model = model_of(history);
  if (model->steps().empty())
    return {};
  const auto modest = std::min(options.max_configurations, modest_bound(history.size()));
  auto found = search(*model, modest);
  key_ruling made;
  made.configurations = found.configurations;
  made.stuck_at = model->steps()[found.stuck_at].operation;
  made.suspect = model->steps()[found.stuck_at].returned;
  if (found.how == search_result::end::gave_up
      && kind_of(history.front().what) == key_kind::single_value
      && is_violated_near(made.suspect, history))
    found.how = search_result::end::none;
  if (found.how == search_result::end::gave_up && modest < options.max_configurations) {
    found = search(*model_of(history), options.max_configurations);
    made.configurations += found.configurations;
    made.stuck_at = model->steps()[found.stuck_at].operation;
  }
  if (found.how != search_result::end::found)
    made.is = found.how == search_result::end::none ? ruling::violated : ruling::undecided;
  return made;
}

status check_history(const std::vector<operation>& history) {
  std::map<std::string_view, key_kind> kinds;
  for (std::size_t place = 0; place < history.size(); ++place) {
    const auto& one = history[place];
    const auto kind = kind_of(one.what);
    if (kinds.try_emplace(one.key, kind).first->second != kind)
      return make_error(error_code::invalid, "operation " + std::to_string(place) + ": key '"
                                               + one.key
                                               + "' is used as another type before");
    if (one.returned && *one.returned < one.called)
      return make_error(error_code::invalid, "operation " + std::to_string(place)
                                               + " returns before it is called");
  }
  return success();
}

using failed_keys = std::vector<std::pair<const std::vector<operation>*, key_ruling>>;

void name_smallest(const failed_keys& failed, verdict& made) {
  const auto& [operations, ruled]
    = *std::min_element(failed.begin(), failed.end(), [](const auto& a, const auto& b) {
        return a.first->size() < b.first->size();
      });
  made.key = operations->front().key;
  made.keys_like_it = failed.size();
  made.key_operations = operations->size();
  if (ruled.is == ruling::undecided) {
    made.reason = "more orders than could be tried";
    return;
  }
  made.reason = "no order has a place for: " + describe((*operations)[ruled.stuck_at]);
  made.contradiction = contradiction_in(*operations, ruled.suspect);
}

} // namespace

std::string_view to_string(ruling what) {
  switch (what) {
    case ruling::linearizable:
      return "linearizable";
    case ruling::violated:
      return "violated";
    default:
      return "undecided";
  }
}

ruling judge_key(const std::vector<operation>& history, const judge_options& options) {
  return rule(history, options).is;
}

result<verdict> judge(const std::vector<operation>& history, const judge_options& options) {
  if (auto sound = check_history(history); !sound)
    return sound.problem();
  std::map<std::string, std::vector<operation>> by_key;
  for (const auto& one : history)
    by_key[one.key].push_back(one);
  verdict made;
  made.keys = by_key.size();
  made.operations = history.size();
  failed_keys failed;
  for (const auto& [key, operations] : by_key) {
    const auto ruled = rule(operations, options);
    made.configurations += ruled.configurations;
    // A contradiction says more than a search that was given up.
    if (ruled.is == ruling::violated || made.is == ruling::linearizable)
      made.is = ruled.is;
    if (ruled.is != ruling::linearizable)
      failed.emplace_back(&operations, ruled);
  }
  std::erase_if(failed, [&](const auto& one) { return one.second.is != made.is; });
  if (!failed.empty())
    name_smallest(failed, made);
  return made;
}

} // namespace present::histories
