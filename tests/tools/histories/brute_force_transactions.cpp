#include "tests/tools/histories/brute_force_transactions.hpp"

#include <map>
#include <string>

namespace present::histories {

namespace {

using lists = std::map<std::string, std::vector<std::int64_t>>;

/// Does the transaction, if its answers are right in `now`. Answers of unknown
/// outcome were seen by nobody.
bool takes_place(const transaction& one, lists& now) {
  for (const auto& what : one.actions) {
    if (const auto* more = std::get_if<append_value>(&what)) {
      now[more->key].push_back(more->value);
      continue;
    }
    const auto& read = std::get<read_list>(what);
    if (one.how == ending::committed && read.found != now[read.key])
      return false;
  }
  return true;
}

bool goes_on(const std::vector<transaction>& history, std::vector<bool>& placed,
             const lists& now) {
  bool whole = true;
  for (std::size_t place = 0; place < history.size(); ++place)
    whole = whole && (placed[place] || history[place].how != ending::committed);
  if (whole)
    return true;
  for (std::size_t next = 0; next < history.size(); ++next) {
    bool may_be_next = !placed[next] && history[next].how != ending::aborted;
    for (std::size_t other = 0; other < history.size() && may_be_next; ++other)
      may_be_next = placed[other] || history[other].how != ending::committed
                 || history[other].returned >= history[next].called;
    auto then = now;
    if (!may_be_next || !takes_place(history[next], then))
      continue;
    placed[next] = true;
    const auto found = goes_on(history, placed, then);
    placed[next] = false;
    if (found)
      return true;
  }
  return false;
}

} // namespace

bool has_an_order(const std::vector<transaction>& history) {
  std::vector<bool> placed(history.size());
  return goes_on(history, placed, {});
}

} // namespace present::histories
