#include "tests/tools/histories/brute_force.hpp"
#include "tests/tools/histories/generated_history.hpp"
#include "tools/histories/judge.hpp"
#include "tools/histories/window.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <chrono>

using namespace present;
using namespace present::histories;

namespace {

std::string in_words(const std::vector<operation>& history) {
  std::string text;
  for (const auto& one : history)
    text += describe(one) + '\n';
  return text;
}

history_plan any_small_plan() {
  history_plan plan;
  plan.kind = *rc::gen::element(key_kind::single_value, key_kind::counter, key_kind::set);
  plan.operations = *rc::gen::inRange<std::size_t>(1, 9);
  plan.clients = *rc::gen::inRange<std::uint32_t>(1, 5);
  plan.lost_percent = *rc::gen::element<std::uint64_t>(0, 10, 40);
  plan.values = *rc::gen::element<std::uint64_t>(0, 2, 3);
  return plan;
}

/// So far from the end a read sees what another saw so much earlier.
void make_one_stale(std::vector<operation>& history, std::size_t from_end,
                    std::size_t earlier) {
  const auto is_answered_read = [](const operation& one) {
    return is_read(one.what) && one.returned;
  };
  auto late = history.size() - from_end;
  while (!is_answered_read(history[late]))
    ++late;
  auto early = late - earlier;
  while (!is_answered_read(history[early]) || history[early].key != history[late].key)
    --early;
  history[late].what = history[early].what;
}

struct large_history {
  const char* name;
  history_plan plan;
};

/// What `present workload` makes in a minute or two.
const std::vector<large_history> large_histories{
  {"register, 10 keys", {key_kind::single_value, 100'000, 32, 10, 1, 50, 0}},
  {"register, one key", {key_kind::single_value, 100'000, 16, 1, 1, 50, 0}},
  {"register, few values", {key_kind::single_value, 100'000, 16, 10, 1, 50, 20}},
  {"register, many unknown", {key_kind::single_value, 100'000, 32, 10, 10, 50, 0}},
  {"counter", {key_kind::counter, 100'000, 32, 10, 1, 50, 0}},
  {"set", {key_kind::set, 100'000, 32, 200, 1, 50, 0}},
};

} // namespace

TEST_CASE("histories of a machine that does one thing at a time are accepted") {
  CHECK(rc::check([] {
    auto plan = any_small_plan();
    plan.operations = *rc::gen::inRange<std::size_t>(1, 300);
    plan.clients = *rc::gen::inRange<std::uint32_t>(1, 20);
    dice chance{*rc::gen::arbitrary<std::uint64_t>()};
    const auto history = generate_history(plan, chance);
    RC_LOG() << in_words(history);
    RC_ASSERT(judge_key(history) == ruling::linearizable);
  }));
}

TEST_CASE("damaged histories are judged as by trying every order") {
  std::size_t rejected = 0;
  CHECK(rc::check([&] {
    const auto plan = any_small_plan();
    dice chance{*rc::gen::arbitrary<std::uint64_t>()};
    for (int round = 0; round < 60; ++round) {
      auto history = generate_history(plan, chance);
      for (auto times = chance.below(3) + 1; times > 0; --times)
        damage(history, chance);
      RC_LOG() << in_words(history);
      const auto expected = has_an_order(history);
      RC_ASSERT((judge_key(history) == ruling::linearizable) == expected);
      // What is proven without the past is no less true.
      if (!history.empty() && plan.kind == key_kind::single_value && expected)
        RC_ASSERT_FALSE(is_violated_since(chance.below(40), history));
      rejected += expected ? 0 : 1;
    }
  }));
  // Else nothing was tried.
  CHECK(rejected > 300);
}

TEST_CASE("most violations show without a look at what was long before") {
  std::size_t violated = 0;
  std::size_t shown = 0;
  dice chance{13};
  for (int round = 0; round < 200; ++round) {
    auto history = generate_history({key_kind::single_value, 200, 4, 1, 2, 50, 0}, chance);
    make_one_stale(history, 20, 40);
    const auto& last = history[history.size() - 20];
    if (judge_key(history) != ruling::violated)
      continue;
    ++violated;
    shown += is_violated_near(last.called, history) ? 1 : 0;
  }
  CHECK(violated > 100);
  CHECK(shown * 10 > violated * 9);
}

TEST_CASE("a hundred thousand operations are judged without a search to speak of") {
  for (const auto& [name, plan] : large_histories) {
    const std::string title = name;
    CAPTURE(title);
    dice chance{7};
    auto history = generate_history(plan, chance);
    const auto began = std::chrono::steady_clock::now();
    const auto found = judge(history);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    REQUIRE(found);
    MESSAGE(title << ": " << took.count() << " s, " << found->configurations
                  << " configurations");
    CHECK(found->is == ruling::linearizable);
    // Seconds depend on the machine; these don't.
    CHECK(found->configurations < 3 * history.size());
  }
}

TEST_CASE("one stale read among twenty thousand operations is found") {
  for (auto [name, plan] : large_histories) {
    if (plan.values != 0)
      continue; // the old value may be there again
    const std::string title = name;
    CAPTURE(title);
    // Finding it is quick; what takes long is to show which few contradict it.
    plan.operations = 20'000;
    dice chance{11};
    auto history = generate_history(plan, chance);
    make_one_stale(history, 200, 2000);
    const auto began = std::chrono::steady_clock::now();
    const auto found = judge(history);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    REQUIRE(found);
    MESSAGE(title << ": " << took.count() << " s, " << found->configurations
                  << " configurations, " << found->contradiction.size()
                  << " operations left");
    CHECK(found->is == ruling::violated);
    CHECK(found->configurations < 5 * history.size());
  }
}
