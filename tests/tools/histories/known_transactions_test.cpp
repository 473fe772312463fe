#include "tests/tools/histories/brute_force_transactions.hpp"
#include "tests/tools/histories/transaction_words.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace present;
using namespace present::histories;

namespace {

struct known_transactions {
  const char* situation;
  std::set<std::string> expected; ///< anomalies, by name
  std::vector<transaction> history;
};

const std::vector<known_transactions> good_histories{
    {"nothing happened", {}, {}},
    {"a transaction does nothing", {}, {did("", 0, 1)}},
    {"a list that nobody appended to is empty", {}, {did("x=", 0, 1)}},
    {"a transaction finds its own append",
     {},
     {did("x+1 x=1 x+2 x=1,2", 0, 1)}},
    {"it finds what was there and its own",
     {},
     {did("x+1", 0, 1), did("x+2 x=1,2", 2, 3)}},
    {"a read finds the appends before it",
     {},
     {did("x+1", 0, 1), did("x+2 y+3", 2, 3), did("y=3 x=1,2", 4, 5)}},
    {"of two that overlap either may come first",
     {},
     {did("x+1", 0, 10), did("x+2", 0, 10), did("x=2", 1, 9),
      did("x=2,1", 11, 12)}},
    {"equal times overlap", {}, {did("x+1", 0, 5), did("x=", 5, 6)}},
    {"what was aborted is found by nobody",
     {},
     {gave_up("x+1", 0, 1), did("x=", 2, 3), did("x+2 x=2", 4, 5)}},
    {"an unknown transaction takes effect long after",
     {},
     {vanished("x+1 y+2", 0), did("x=", 5, 6), did("y=2", 7, 8),
      did("x=1", 9, 10)}},
    {"an unknown transaction never takes effect",
     {},
     {vanished("x+1", 0), did("x=", 5, 6), did("x+2 x=2", 7, 8)}},
    {"an append that nobody reads",
     {},
     {did("x+1", 0, 1), did("x=1", 2, 3), did("x+2", 4, 5)}},
    {"who appends last and is read only by itself",
     {},
     {did("x+1 x=1 x+2", 0, 1)}},
    {"who reads all and appends, which nobody reads",
     {},
     {did("x+1", 0, 1), did("x=1 x+2", 2, 9), did("x+3", 2, 9)}},
    {"reads in one order, appends in the other, and time for both",
     {},
     {did("x= y+1", 0, 10), did("y=1 x+2", 5, 20), did("x=2 y=1", 21, 22)}},
};

const std::vector<known_transactions> bad_histories{
    // -- one transaction, or one key, is enough
    {"a transaction doesn't find its own append",
     {"internal"},
     {did("x+1 x=", 0, 1)}},
    {"it finds its own before it appends",
     {"internal"},
     {did("x=1 x+1", 0, 1)}},
    {"two reads of one transaction differ",
     {"internal"},
     {did("x+1", 0, 10), did("x= x=1", 0, 10)}},
    {"an append counts twice",
     {"duplicate-elements"},
     {did("x+1", 0, 1), did("x=1,1", 2, 3)}},
    {"a shorter list has a value twice",
     {"duplicate-elements"},
     {did("x+1", 0, 9), did("x+2", 0, 9), did("x+3", 0, 9),
      did("x=1,2,3", 0, 9), did("x=1,1", 0, 9)}},
    {"a value that nobody appended", {"unwritten-read"}, {did("x=7", 0, 1)}},
    {"two reads see two orders",
     {"incompatible-order"},
     {did("x+1", 0, 9), did("x+2", 0, 9), did("x=1,2", 0, 9),
      did("x=2,1", 0, 9)}},
    {"a transaction's own appends change places",
     {"incompatible-order", "G1b"},
     {did("x+1 x+2", 0, 9), did("x=2,1", 0, 9)}},
    {"the first append of a transaction is missing, the second there",
     {"incompatible-order", "G-single"},
     {did("x+1 x+2", 0, 9), did("x=2", 0, 9)}},
    {"G1a: what was aborted is found",
     {"G1a"},
     {gave_up("x+1", 0, 1), did("x=1", 2, 3)}},
    {"G1b: a list in the middle of a transaction",
     {"G1b", "G-single"},
     {did("x+1 x+2", 0, 9), did("x=1", 0, 9), did("x=1,2", 0, 9)}},
    {"an acknowledged append is lost",
     {"lost-append", "G-single-realtime"},
     {did("x+1", 0, 1), did("x=", 2, 3)}},
    {"it is lost when the next comes",
     {"lost-append", "G0-realtime"},
     {did("x+1", 0, 1), did("x+2", 2, 3), did("x=2", 4, 5)}},

    // -- cycles
    {"G0: two transactions append in two orders",
     {"G0"},
     {did("x+1 y+1", 0, 9), did("x+2 y+2", 0, 9), did("x=1,2 y=2,1", 10, 19)}},
    {"G0: an append gets between those of a transaction",
     {"G0"},
     {did("x+1 x+3", 0, 9), did("x+2", 0, 9), did("x=1,2,3", 10, 19)}},
    {"G1c: two transactions find each other's appends",
     {"G1c"},
     {did("x+1 y=2", 0, 9), did("y+2 x=1", 0, 9)}},
    {"G-single: a read sees half of a transaction",
     {"G-single"},
     {did("x+1 y+1", 0, 9), did("x=1 y=", 0, 9), did("y=1", 0, 9)}},
    {"G-single: and nobody sees the other half",
     {"G-single"},
     {did("x+1 y+1", 0, 9), did("x=1 y=", 0, 9)}},
    {"G2-item: a lost update, both read the same and append",
     {"G2-item"},
     {did("x= x+1", 0, 9), did("x= x+2", 0, 9)}},
    {"G-single: a lost update, the order of which was seen",
     {"G-single"},
     {did("x= x+1", 0, 9), did("x= x+2", 0, 9), did("x=1,2", 10, 19)}},
    {"G2-item: write skew, each reads what the other appends to",
     {"G2-item"},
     {did("x= y+1", 0, 9), did("y= x+1", 0, 9), did("x=1 y=1", 10, 19)}},
    {"G2-item: two reads disagree on which of two came first",
     {"G2-item"},
     {did("x+1", 0, 9), did("y+1", 0, 9), did("x=1 y=", 0, 9),
      did("x= y=1", 0, 9)}},
    {"an unknown transaction is seen in halves",
     {"G-single"},
     {vanished("x+1 y+1", 0), did("x=1 y=", 5, 9)}},

    // -- and real time
    {"G0-realtime: who is called later appends first",
     {"G0-realtime"},
     {did("x+1", 0, 1), did("x+2", 2, 3), did("x=2,1", 0, 9)}},
    {"G1c-realtime: found before it was called",
     {"G1c-realtime"},
     {did("x=1", 0, 1), did("x+1", 2, 3)}},
    {"G1c-realtime: of unknown outcome, found before it was called",
     {"G1c-realtime"},
     {did("x=1", 0, 1), vanished("x+1", 2)}},
    {"G-single-realtime: a stale read",
     {"G-single-realtime"},
     {did("x+1", 0, 1), did("x+2", 2, 3), did("x=1", 4, 5),
      did("x=1,2", 6, 7)}},
    {"G-single-realtime: an unknown transaction is seen, then gone",
     {"G-single-realtime"},
     {vanished("x+1", 0), did("x=1", 5, 6), did("x=", 7, 8)}},
    {"G2-item-realtime: each of three was before the next",
     {"G2-item-realtime"},
     {did("x= y+1", 0, 99), did("x+1", 0, 9), did("y=", 30, 39)}},
};

std::set<std::string> names_in(const transaction_verdict& found) {
  std::set<std::string> names;
  for (const auto& one : found.anomalies)
    names.emplace(to_string(one.what));
  return names;
}

std::string in_words(const transaction_verdict& found) {
  std::string text;
  for (const auto& one : found.anomalies) {
    text += std::string{to_string(one.what)} + '\n';
    for (const auto& sentence : one.story)
      text += "  " + sentence + '\n';
  }
  return text;
}

void check_all(const std::vector<known_transactions>& table) {
  for (const auto& one : table) {
    CAPTURE(one.situation);
    const auto found = judge_transactions(one.history);
    REQUIRE(found);
    INFO(in_words(*found));
    CHECK(names_in(*found) == one.expected);
    // The table itself can be wrong.
    CHECK(has_an_order(one.history) == one.expected.empty());
  }
}

} // namespace

TEST_CASE("good histories of transactions are accepted") {
  check_all(good_histories);
}

TEST_CASE("each anomaly is found, and has its name") {
  check_all(bad_histories);
  std::set<std::string> named;
  for (const auto& one : bad_histories)
    named.insert(one.expected.begin(), one.expected.end());
  CHECK(named.size() == anomaly_kinds);
}

TEST_CASE("a cycle is told of in words that can be followed") {
  const auto found = judge_transactions({did("x+1", 0, 1), did("x+2", 2, 3),
                                         did("x=1", 4, 5), did("x=1,2", 6, 7)});
  REQUIRE(found);
  REQUIRE(found->anomalies.size() == 1);
  const auto& one = found->anomalies.front();
  CHECK(one.key == "x");
  CHECK(one.transactions == std::vector<std::size_t>{2, 1});
  CHECK(one.story
        == std::vector<std::string>{
            "transaction 2 read x [1], to which transaction 1 appended 2: so "
            "transaction 2 is "
            "before transaction 1",
            "transaction 1 returned at 3, transaction 2 was called at 4: so "
            "transaction 1 is "
            "before transaction 2"});
}

TEST_CASE("a cycle over two keys says what each step rests on") {
  const auto found = judge_transactions(
      {did("x+1 y+1", 0, 9), did("x+2 y+2", 0, 9), did("x=1,2 y=2,1", 10, 19)});
  REQUIRE(found);
  REQUIRE(found->anomalies.size() == 1);
  CHECK(found->anomalies.front().key.empty());
  CHECK(found->anomalies.front().story
        == std::vector<std::string>{"transaction 0 appended 1 to x, after "
                                    "which transaction 1 appended 2: so "
                                    "transaction 0 is before transaction 1",
                                    "transaction 1 appended 2 to y, after "
                                    "which transaction 0 appended 1: so "
                                    "transaction 1 is before transaction 0"});
}

TEST_CASE("the verdict counts what was judged") {
  const auto found = judge_transactions({did("x+1", 0, 1), gave_up("x+2", 0, 1),
                                         vanished("y+1", 0), vanished("y+2", 0),
                                         did("x=1 y=2", 2, 3)});
  REQUIRE(found);
  CHECK(found->is_strictly_serializable());
  CHECK(found->transactions == 5);
  CHECK(found->committed == 2);
  CHECK(found->aborted == 1);
  CHECK(found->unknown == 2);
  CHECK(found->unknown_seen == 1);
  CHECK(found->keys == 2);
}

TEST_CASE("of many anomalies some are told of and all are counted") {
  std::vector<transaction> history;
  for (std::int64_t time = 0; time < 50; ++time)
    history.push_back(did("k" + std::to_string(time) + "=7", 0, 1));
  const auto found = judge_transactions(history, {.told_of_each_kind = 3});
  REQUIRE(found);
  CHECK(found->anomalies.size() == 3);
  CHECK(found->counts[static_cast<std::size_t>(anomaly_kind::unwritten_read)]
        == 50);
}

TEST_CASE("a cycle is found when the steps for the shortest are used up") {
  const auto found = judge_transactions(
      {did("x+1 y=2", 0, 9), did("y+2 x=1", 0, 9)}, {.max_steps = 0});
  REQUIRE(found);
  CHECK(names_in(*found) == std::set<std::string>{"G1c"});
}

TEST_CASE("what isn't a history of transactions is refused, with the place") {
  const auto twice = judge_transactions({did("x+1", 0, 1), did("x+1", 2, 3)});
  REQUIRE_FALSE(twice);
  CHECK(twice.problem().code == error_code::invalid);
  CHECK(twice.problem().message
        == "transaction 1 appends 1 to x as transaction 0 did: values appended "
           "to a key have "
           "to be unique");
  const auto backwards = judge_transactions({did("x+1", 5, 4)});
  REQUIRE_FALSE(backwards);
  CHECK(backwards.problem().message
        == "transaction 0 returns before it is called");
}
