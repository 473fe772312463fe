#include "tests/tools/histories/brute_force.hpp"

#include "runtime/base/overloaded.hpp"
#include "tests/tools/histories/contents.hpp"

#include <set>

namespace present::histories {

namespace {

/// Does the operation, if its answer is right in `now`. Answers of unknown outcome
/// were seen by nobody.
bool takes_place(const operation& one, contents& now) {
  const auto known = one.returned.has_value();
  return std::visit(
    overloaded{
      [&](const get& read) { return !known || read.found == now.value; },
      [&](const put& write) {
        now.value = write.value;
        return true;
      },
      [&](const cas& swap) {
        const auto meets = now.value == swap.expected;
        if (meets)
          now.value = swap.value;
        return !known || meets == swap.wrote;
      },
      [&](const add_amount& more) {
        now.total += more.amount;
        return !known || !more.total || *more.total == now.total;
      },
      [&](const read_total& read) { return !known || read.total == now.total; },
      [&](const add_member& more) {
        now.members.insert(more.member);
        return true;
      },
      [&](const read_members& read) {
        return !known
               || std::set<std::string>(read.members.begin(), read.members.end())
                    == now.members;
      }},
    one.what);
}

bool goes_on(const std::vector<operation>& history, std::vector<bool>& placed,
             const contents& now) {
  bool whole = true;
  for (std::size_t place = 0; place < history.size(); ++place)
    whole = whole && (placed[place] || !history[place].returned);
  if (whole)
    return true;
  for (std::size_t next = 0; next < history.size(); ++next) {
    bool may_be_next = !placed[next];
    for (std::size_t other = 0; other < history.size() && may_be_next; ++other)
      may_be_next = placed[other] || !history[other].returned
                    || *history[other].returned >= history[next].called;
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

bool has_an_order(const std::vector<operation>& history) {
  std::vector<bool> placed(history.size());
  return goes_on(history, placed, {});
}

} // namespace present::histories
