#include "tests/tools/histories/brute_force.hpp"
#include "tests/tools/histories/generated_history.hpp"
#include "tests/tools/histories/history_words.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace present;
using namespace present::histories;

namespace {

/// A long good history with one that isn't behind it.
std::vector<operation> long_history_then(std::vector<operation> bad) {
  dice chance{3};
  auto all = generate_history({kind_of(bad.front().what), 3000, 8, 1, 0, 50, 0}, chance);
  std::uint64_t end = 0;
  for (auto& one : all) {
    one.key = bad.front().key;
    end = std::max({end, one.called, one.returned.value_or(0)});
  }
  for (auto& one : bad) {
    one.called += end + 1;
    if (one.returned)
      *one.returned += end + 1;
    all.push_back(one);
  }
  return all;
}

std::vector<std::string> described(const std::vector<operation>& some) {
  std::vector<std::string> words;
  for (const auto& one : some) {
    const auto text = describe(one);
    words.push_back(text.substr(0, text.find(", called")));
  }
  return words;
}

} // namespace

TEST_CASE("of a long history those operations are shown that contradict each other") {
  const auto found = judge(long_history_then(
    {ok(1, put{"x"}, 0, 1), ok(1, put{"y"}, 2, 3), ok(2, get{"y"}, 4, 5),
     ok(2, get{"x"}, 6, 7), ok(1, put{"z"}, 8, 9)}));
  REQUIRE(found);
  CHECK(found->is == ruling::violated);
  CHECK(described(found->contradiction)
        == std::vector<std::string>{"client 1 puts 'x'", "client 1 puts 'y'",
                                    "client 2 gets 'x'"});
}

TEST_CASE("of sets those members are shown that contradict each other") {
  const auto found = judge(long_history_then(
    {ok(1, add_member{"x"}, 0, 9), ok(1, add_member{"y"}, 0, 9),
     ok(2, read_members{{"x"}}, 1, 8), ok(3, read_members{{"y"}}, 1, 8)}));
  REQUIRE(found);
  CHECK(found->is == ruling::violated);
  // The older members are missing in both, and one of them is enough.
  CHECK(found->contradiction.size() == 2);
  CHECK_FALSE(has_an_order(found->contradiction));
}

TEST_CASE("what is shown is always a contradiction, by every order tried") {
  dice chance{5};
  std::size_t seen = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto kind = static_cast<key_kind>(chance.below(3));
    auto history = generate_history({kind, 12, 3, 1, 10, 50, chance.below(2) * 3}, chance);
    damage(history, chance);
    const auto found = judge(history);
    REQUIRE(found);
    if (found->is != ruling::violated)
      continue;
    ++seen;
    if (found->contradiction.size() <= 7)
      CHECK_FALSE(has_an_order(found->contradiction));
  }
  CHECK(seen > 100);
}
