#include "tests/tools/histories/brute_force_transactions.hpp"
#include "tests/tools/histories/generated_transactions.hpp"
#include "tests/tools/histories/transaction_words.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <chrono>
#include <map>

using namespace present;
using namespace present::histories;

namespace {

std::string in_words(const std::vector<transaction>& history) {
  std::string text;
  for (const auto& one : history)
    text += describe(one) + '\n';
  return text;
}

std::string in_words(const transaction_verdict& found) {
  std::string text;
  for (const auto& one : found.anomalies)
    for (const auto& sentence : one.story)
      text += std::string{to_string(one.what)} + ": " + sentence + '\n';
  return text;
}

bool has(const transaction_verdict& found, anomaly_kind what) {
  return found.counts[static_cast<std::size_t>(what)] > 0;
}

transaction_plan any_small_plan() {
  transaction_plan plan;
  plan.transactions = *rc::gen::inRange<std::size_t>(1, 7);
  plan.clients = *rc::gen::inRange<std::uint32_t>(1, 5);
  plan.keys = *rc::gen::inRange<std::uint64_t>(1, 4);
  plan.lost_percent = *rc::gen::element<std::uint64_t>(0, 10, 40);
  return plan;
}

/// What is planted: transactions on keys of their own, which take place around
/// `time`.
struct weed {
  anomaly_kind what;
  std::vector<transaction> (*grow)(std::uint64_t time);
};

const std::vector<weed> weeds{
    {anomaly_kind::internal,
     [](std::uint64_t at) { return std::vector{did("p+1 p=", at, at + 9)}; }},
    {anomaly_kind::duplicate_elements,
     [](std::uint64_t at) {
       return std::vector{did("p+1", at, at + 9),
                          did("p=1,1", at + 5, at + 19)};
     }},
    {anomaly_kind::unwritten_read,
     [](std::uint64_t at) { return std::vector{did("p=7", at, at + 9)}; }},
    {anomaly_kind::incompatible_order,
     [](std::uint64_t at) {
       return std::vector{did("p+1", at, at + 9), did("p+2", at, at + 9),
                          did("p=1,2", at, at + 900),
                          did("p=2,1", at, at + 900)};
     }},
    {anomaly_kind::g1a_aborted_read,
     [](std::uint64_t at) {
       return std::vector{gave_up("p+1", at, at + 9),
                          did("p=1", at + 50, at + 59)};
     }},
    {anomaly_kind::g1b_intermediate_read,
     [](std::uint64_t at) {
       return std::vector{did("p+1 p+2", at, at + 9), did("p=1", at, at + 9)};
     }},
    {anomaly_kind::lost_append,
     [](std::uint64_t at) {
       return std::vector{did("p+1", at, at + 9),
                          did("p=", at + 500, at + 509)};
     }},
    {anomaly_kind::g0_write_cycle,
     [](std::uint64_t at) {
       return std::vector{did("p+1 q+1", at, at + 9),
                          did("p+2 q+2", at, at + 9),
                          did("p=1,2 q=2,1", at + 9, at + 19)};
     }},
    {anomaly_kind::g1c_circular_information,
     [](std::uint64_t at) {
       return std::vector{did("p+1 q=2", at, at + 9),
                          did("q+2 p=1", at, at + 9)};
     }},
    {anomaly_kind::g_single_read_skew,
     [](std::uint64_t at) {
       return std::vector{did("p+1 q+1", at, at + 99),
                          did("p=1 q=", at, at + 9)};
     }},
    {anomaly_kind::g2_item_write_skew,
     [](std::uint64_t at) {
       return std::vector{did("p= q+1", at, at + 9), did("q= p+1", at, at + 9)};
     }},
    {anomaly_kind::g0_realtime,
     [](std::uint64_t at) {
       return std::vector{did("p+1", at, at + 9),
                          did("p+2", at + 300, at + 309),
                          did("p=2,1", at, at + 309)};
     }},
    {anomaly_kind::g1c_realtime,
     [](std::uint64_t at) {
       return std::vector{did("p=1", at, at + 9),
                          did("p+1", at + 300, at + 309)};
     }},
    {anomaly_kind::g_single_realtime,
     [](std::uint64_t at) {
       return std::vector{did("p+1", at, at + 1), did("p+2", at + 2, at + 3),
                          did("p=1,2", at + 3, at + 9),
                          did("p=1", at + 2000, at + 2009)};
     }},
    {anomaly_kind::g2_item_realtime,
     [](std::uint64_t at) {
       return std::vector{did("p= q+1", at, at + 99), did("p+1", at, at + 9),
                          did("q=", at + 30, at + 39)};
     }},
};

/// The history with these among its own.
std::vector<transaction> with(std::vector<transaction> history,
                              std::vector<transaction> more) {
  history.insert(history.end(), more.begin(), more.end());
  std::stable_sort(history.begin(), history.end(),
                   [](const transaction& a, const transaction& b) {
                     return a.called < b.called;
                   });
  return history;
}

/// What histories came to that were judged in both ways.
struct comparison {
  std::size_t rejected = 0;
  std::size_t by_cycles_alone = 0;

  void judge(const std::vector<transaction>& history) {
    RC_LOG() << in_words(history);
    const auto expected = has_an_order(history);
    const auto found = judge_transactions(history);
    RC_ASSERT(found);
    RC_LOG() << in_words(*found);
    RC_ASSERT(found->is_strictly_serializable() == expected);
    if (expected)
      return;
    ++rejected;
    if (found->anomalies.front().what >= anomaly_kind::g0_write_cycle)
      ++by_cycles_alone;
  }
};

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began)
      .count();
}

} // namespace

TEST_CASE(
    "histories of a machine that does one transaction at a time are accepted") {
  CHECK(rc::check([] {
    auto plan = any_small_plan();
    plan.transactions = *rc::gen::inRange<std::size_t>(1, 300);
    plan.clients = *rc::gen::inRange<std::uint32_t>(1, 20);
    plan.appends_per_key = *rc::gen::inRange<std::uint64_t>(1, 100);
    dice chance{*rc::gen::arbitrary<std::uint64_t>()};
    const auto history = generate_transactions(plan, chance);
    RC_LOG() << in_words(history);
    const auto found = judge_transactions(history);
    RC_ASSERT(found);
    RC_LOG() << in_words(*found);
    RC_ASSERT(found->is_strictly_serializable());
  }));
}

TEST_CASE(
    "damaged histories of transactions are judged as by trying every order") {
  comparison both;
  CHECK(rc::check([&] {
    const auto plan = any_small_plan();
    dice chance{*rc::gen::arbitrary<std::uint64_t>()};
    for (int round = 0; round < 40; ++round) {
      auto history = generate_transactions(plan, chance);
      for (auto times = chance.below(3) + 1; times > 0; --times)
        damage(history, chance);
      both.judge(history);
    }
  }));
  // Else nothing was tried.
  MESSAGE(both.rejected << " rejected, " << both.by_cycles_alone << " by cycles alone");
  CHECK(both.rejected > 300);
  CHECK(both.by_cycles_alone > 20);
}

TEST_CASE("reads that were put together at random are judged as by trying "
          "every order") {
  comparison both;
  CHECK(rc::check([&] {
    dice chance{*rc::gen::arbitrary<std::uint64_t>()};
    for (int round = 0; round < 40; ++round) {
      // Of these two keys each read finds the beginning of one order, so that
      // only cycles are left to be found.
      auto history = generate_transactions({5, 3, 2, 100, 3, 10, 0}, chance);
      std::map<std::string, std::vector<std::int64_t>> longest;
      for (const auto& one : history)
        for (const auto& what : one.actions)
          if (const auto* more = std::get_if<append_value>(&what))
            longest[more->key].push_back(more->value);
      for (auto& one : history)
        for (auto& what : one.actions)
          if (auto* read = std::get_if<read_list>(&what);
              read && chance.percent(40)) {
            read->found = longest[read->key];
            read->found.resize(chance.below(read->found.size() + 1));
          }
      both.judge(history);
    }
  }));
  CHECK(both.rejected > 300);
}

TEST_CASE(
    "an anomaly that was planted among good transactions is found, and named") {
  for (const auto& [what, grow] : weeds) {
    CAPTURE(to_string(what));
    dice chance{static_cast<std::uint64_t>(what) + 1};
    for (int round = 0; round < 20; ++round) {
      const auto good = generate_transactions({300, 8, 5, 20, 4, 5, 5}, chance);
      const auto found
          = judge_transactions(with(good, grow(chance.below(300))));
      REQUIRE(found);
      INFO(in_words(*found));
      CHECK(has(*found, what));
    }
  }
  CHECK(weeds.size() == anomaly_kinds);
}

TEST_CASE("what is far apart and contradicts each other is told of in two steps") {
  dice chance{5};
  const auto good = generate_transactions({5'000, 8, 5, 20, 4, 1, 5}, chance);
  const auto history
      = with(good, {did("p=1", 10, 20), did("p+1", 9'000, 9'010)});
  for (const std::size_t steps : {100'000'000, 20'000}) {
    const auto found = judge_transactions(history, {.max_steps = steps});
    REQUIRE(found);
    INFO(in_words(*found));
    REQUIRE(found->anomalies.size() == 1);
    CHECK(found->anomalies.front().what == anomaly_kind::g1c_realtime);
    CHECK(found->anomalies.front().transactions.size() == 2);
  }
}

TEST_CASE("a hundred thousand transactions are judged, and a bad one among "
          "them found") {
  dice chance{7};
  const auto good
      = generate_transactions({100'000, 32, 10, 100, 4, 1, 5}, chance);
  auto began = std::chrono::steady_clock::now();
  const auto accepted = judge_transactions(good);
  REQUIRE(accepted);
  MESSAGE("good: " << seconds_since(began) << " s, " << accepted->dependencies
                   << " dependencies, " << accepted->keys << " keys");
  CHECK(accepted->is_strictly_serializable());
  // In proportion to the actions, whatever the machine.
  CHECK(accepted->dependencies < 12 * good.size());
  for (const auto& [what, grow] : weeds) {
    CAPTURE(to_string(what));
    const auto history = with(good, grow(50'000));
    began = std::chrono::steady_clock::now();
    const auto found = judge_transactions(history);
    REQUIRE(found);
    MESSAGE(to_string(what) << ": " << seconds_since(began) << " s");
    CHECK(has(*found, what));
  }
}
