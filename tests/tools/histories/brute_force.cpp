#include "tests/tools/histories/brute_force.hpp"

#include "runtime/base/overloaded.hpp"
#include "tests/tools/histories/contents.hpp"
#include "tests/tools/histories/every_order.hpp"

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

struct rules {
  static bool has_taken_place(const operation& one) {
    return one.returned.has_value();
  }

  static bool may_take_place(const operation&) {
    return true;
  }

  static bool is_before(const operation& one, const operation& other) {
    return one.returned && *one.returned < other.called;
  }

  static bool takes_place(const operation& one, contents& now) {
    return histories::takes_place(one, now);
  }
};

} // namespace

bool has_an_order(const std::vector<operation>& history) {
  std::vector<bool> placed(history.size());
  return goes_on<rules>(history, placed, contents{});
}

} // namespace present::histories
