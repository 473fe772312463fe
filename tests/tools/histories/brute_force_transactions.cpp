#include "tests/tools/histories/brute_force_transactions.hpp"

#include "tests/tools/histories/every_order.hpp"

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

struct rules {
  static bool has_taken_place(const transaction& one) {
    return one.how == ending::committed;
  }

  static bool may_take_place(const transaction& one) {
    return one.how != ending::aborted;
  }

  static bool is_before(const transaction& one, const transaction& other) {
    return one.how == ending::committed && one.returned < other.called;
  }

  static bool takes_place(const transaction& one, lists& now) {
    return histories::takes_place(one, now);
  }
};

} // namespace

bool has_an_order(const std::vector<transaction>& history) {
  std::vector<bool> placed(history.size());
  return goes_on<rules>(history, placed, lists{});
}

} // namespace present::histories
