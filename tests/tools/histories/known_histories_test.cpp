#include "tests/tools/histories/brute_force.hpp"
#include "tests/tools/histories/history_words.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::histories;

namespace {

struct known_history {
  const char* situation;
  ruling expected;
  std::vector<operation> operations;
};

constexpr auto good = ruling::linearizable;
constexpr auto bad = ruling::violated;

const std::vector<known_history> register_histories{
  {"nothing happened", good, {}},
  {"a key that nobody wrote is empty", good, {ok(1, get{}, 0, 1)}},
  {"a value that nobody wrote is read", bad, {ok(1, get{"a"}, 0, 1)}},
  {"a read sees the last write", good,
   {ok(1, put{"a"}, 0, 1), ok(1, put{"b"}, 2, 3), ok(2, get{"b"}, 4, 5)}},
  {"a stale read", bad,
   {ok(1, put{"a"}, 0, 1), ok(1, put{"b"}, 2, 3), ok(2, get{"a"}, 4, 5)}},
  {"a lost write: the key is empty after it", bad,
   {ok(1, put{"a"}, 0, 1), ok(2, get{}, 2, 3)}},
  {"a read that overlaps a write may see either value", good,
   {ok(1, put{"a"}, 0, 1), ok(1, put{"b"}, 2, 9), ok(2, get{"a"}, 3, 4),
    ok(3, get{"b"}, 5, 6)}},
  {"two reads during a write see the new value, then the old one", bad,
   {ok(1, put{"a"}, 0, 1), ok(1, put{"b"}, 2, 9), ok(2, get{"b"}, 3, 4),
    ok(3, get{"a"}, 5, 6)}},
  {"a paused leader answers with what was there before it paused", bad,
   {ok(1, put{"a"}, 0, 1), ok(2, get{"a"}, 2, 3), ok(1, put{"b"}, 4, 5),
    ok(3, get{"a"}, 6, 90)}},
  {"equal times overlap", good, {ok(1, put{"a"}, 0, 5), ok(2, get{}, 5, 6)}},

  // -- compare and set
  {"of two that expect the same one writes", good,
   {ok(1, put{"a"}, 0, 1), ok(1, cas{"a", "b", true}, 2, 5),
    ok(2, cas{"a", "c", false}, 3, 4), ok(3, get{"b"}, 6, 7)}},
  {"both that expect the same write", bad,
   {ok(1, put{"a"}, 0, 1), ok(1, cas{"a", "b", true}, 2, 5),
    ok(2, cas{"a", "c", true}, 3, 4)}},
  {"one fails although what it expects is there", bad,
   {ok(1, put{"a"}, 0, 1), ok(2, cas{"a", "b", false}, 2, 3), ok(3, get{"a"}, 4, 5)}},
  {"one writes although something else is there", bad,
   {ok(1, put{"a"}, 0, 1), ok(1, put{"b"}, 2, 3), ok(2, cas{"a", "c", true}, 4, 5)}},
  {"an empty key can be expected", good,
   {ok(1, cas{nothing, "a", true}, 0, 1), ok(2, cas{nothing, "b", false}, 2, 3)}},
  {"two find the key empty and write", bad,
   {ok(1, cas{nothing, "a", true}, 0, 1), ok(2, cas{nothing, "b", true}, 2, 3)}},

  // -- deletes
  {"a deleted key is empty, and can be written again", good,
   {ok(1, put{"a"}, 0, 1), ok(1, put{nothing}, 2, 3), ok(2, get{}, 4, 5),
    ok(1, put{"b"}, 6, 7), ok(2, get{"b"}, 8, 9)}},
  {"a deleted value comes back", bad,
   {ok(1, put{"a"}, 0, 1), ok(1, put{nothing}, 2, 3), ok(2, get{}, 4, 5),
    ok(2, get{"a"}, 6, 7)}},

  // -- unknown outcomes
  {"an unknown write takes effect long after", good,
   {ok(1, put{"a"}, 0, 1), lost(2, put{"b"}, 2), ok(3, get{"a"}, 50, 51),
    ok(3, get{"b"}, 90, 91)}},
  {"an unknown write never takes effect", good,
   {ok(1, put{"a"}, 0, 1), lost(2, put{"b"}, 2), ok(3, get{"a"}, 50, 51)}},
  {"an unknown write is seen, then gone", bad,
   {ok(1, put{"a"}, 0, 1), lost(2, put{"b"}, 2), ok(3, get{"b"}, 50, 51),
    ok(3, get{"a"}, 90, 91)}},
  {"an unknown write is seen before it was called", bad,
   {ok(3, get{"b"}, 0, 1), lost(2, put{"b"}, 2)}},
  {"an unknown write is applied a second time, by a retry that wasn't recognised", bad,
   {lost(1, put{"a"}, 0), ok(2, get{"a"}, 1, 2), ok(2, put{"b"}, 3, 4),
    ok(2, get{"b"}, 5, 6), ok(2, get{"a"}, 7, 8)}},
  {"an acknowledged write is applied a second time", bad,
   {ok(1, put{"a"}, 0, 1), ok(2, put{"b"}, 2, 3), ok(3, get{"a"}, 4, 5)}},
  {"a second application shows as a compare-and-set that should have written", bad,
   {ok(1, put{"a"}, 0, 1), ok(2, cas{"a", "b", false}, 2, 3), ok(3, get{"a"}, 4, 5)}},
  {"an unknown compare-and-set explains the value after it", good,
   {ok(1, put{"a"}, 0, 1), lost(2, cas{"a", "b"}, 2), ok(3, get{"b"}, 3, 4)}},
  {"an unknown compare-and-set can't have written: what it expects was gone", bad,
   {ok(1, put{"a"}, 0, 1), ok(1, put{"c"}, 2, 3), lost(2, cas{"a", "b"}, 4),
    ok(3, get{"b"}, 5, 6)}},
  {"an unknown write that nobody saw explains a failed compare-and-set", good,
   {ok(1, put{"a"}, 0, 1), lost(2, put{"x"}, 2), ok(3, cas{"a", "b", false}, 3, 4),
    ok(1, put{"c"}, 5, 6), ok(3, get{"c"}, 7, 8)}},
  {"it can't explain it if the old value is still there afterwards", bad,
   {ok(1, put{"a"}, 0, 1), lost(2, put{"x"}, 2), ok(3, cas{"a", "b", false}, 3, 4),
    ok(3, get{"a"}, 7, 8)}},
  {"one unknown write can't explain two failures with the same value between", bad,
   {ok(1, put{"a"}, 0, 1), lost(2, put{"x"}, 2), ok(3, cas{"a", "b", false}, 3, 4),
    ok(1, put{"c"}, 5, 6), ok(3, cas{"c", "d", false}, 7, 8), ok(3, get{"x"}, 9, 10),
    ok(1, put{"e"}, 11, 12), ok(3, cas{"e", "d", false}, 13, 14)}},
  {"an unknown read says nothing", good, {ok(1, put{"a"}, 0, 1), lost(2, get{"z"}, 2)}},

  // -- values that are written twice
  {"the same value from two writers comes back", good,
   {ok(1, put{"a"}, 0, 1), ok(1, put{"b"}, 2, 3), ok(2, put{"a"}, 4, 5),
    ok(3, get{"a"}, 6, 7)}},
  {"the second writer of a value is needed later", good,
   {ok(1, put{"a"}, 0, 1), ok(2, put{"a"}, 2, 20), ok(1, put{"b"}, 4, 5),
    ok(3, get{"b"}, 6, 7), ok(3, get{"a"}, 8, 9)}},
};

const std::vector<known_history> counter_histories{
  {"nobody added", good, {ok(1, read_total{0}, 0, 1)}},
  {"adds are seen", good,
   {ok(1, add_amount{1, {}}, 0, 1), ok(2, add_amount{2, {}}, 0, 9), ok(3, read_total{1}, 2, 3),
    ok(3, read_total{3}, 10, 11)}},
  {"a lost add", bad, {ok(1, add_amount{1, {}}, 0, 1), ok(3, read_total{0}, 2, 3)}},
  {"an add that counts twice", bad,
   {ok(1, add_amount{1, {}}, 0, 1), ok(3, read_total{2}, 2, 3)}},
  {"two adds that were told the same total", bad,
   {ok(1, add_amount{1, 1}, 0, 5), ok(2, add_amount{1, 1}, 0, 5)}},
  {"an unknown add may count later", good,
   {lost(1, add_amount{1, {}}, 0), ok(3, read_total{0}, 2, 3), ok(3, read_total{1}, 4, 5)}},
  {"an unknown add counts twice", bad,
   {lost(1, add_amount{1, {}}, 0), ok(3, read_total{2}, 2, 3)}},
  {"a total falls", bad,
   {lost(1, add_amount{1, {}}, 0), ok(3, read_total{1}, 2, 3), ok(3, read_total{0}, 4, 5)}},
  {"amounts may be negative", good,
   {ok(1, add_amount{5, {}}, 0, 1), ok(2, add_amount{-5, {}}, 2, 9), ok(3, read_total{5}, 3, 4),
    ok(3, read_total{0}, 5, 6), ok(1, add_amount{5, 5}, 7, 8)}},
};

const std::vector<known_history> set_histories{
  {"nobody added", good, {ok(1, read_members{}, 0, 1)}},
  {"members are seen, in any order", good,
   {ok(1, add_member{"a"}, 0, 1), ok(2, add_member{"b"}, 0, 9),
    ok(3, read_members{{"a"}}, 2, 3), ok(3, read_members{{"b", "a"}}, 10, 11)}},
  {"a lost member", bad,
   {ok(1, add_member{"a"}, 0, 1), ok(2, add_member{"b"}, 0, 1),
    ok(3, read_members{{"b"}}, 2, 3)}},
  {"a member that nobody added", bad, {ok(3, read_members{{"x"}}, 2, 3)}},
  {"a member that goes again", bad,
   {ok(1, add_member{"a"}, 0, 9), ok(3, read_members{{"a"}}, 1, 2),
    ok(3, read_members{}, 3, 4)}},
  {"two reads see two orders", bad,
   {ok(1, add_member{"a"}, 0, 9), ok(2, add_member{"b"}, 0, 9),
    ok(3, read_members{{"a"}}, 1, 8), ok(4, read_members{{"b"}}, 1, 8)}},
  {"an unknown add may show later, or never", good,
   {lost(1, add_member{"a"}, 0), lost(2, add_member{"b"}, 0), ok(3, read_members{}, 2, 3),
    ok(3, read_members{{"b"}}, 4, 5)}},
  {"an unknown add shows before it was called", bad,
   {ok(3, read_members{{"a"}}, 0, 1), lost(1, add_member{"a"}, 2)}},
  {"a member added twice is there once", good,
   {ok(1, add_member{"a"}, 0, 1), lost(2, add_member{"a"}, 2), ok(3, read_members{{"a"}}, 3, 4)}},
};

void check_all(const std::vector<known_history>& table) {
  for (const auto& one : table) {
    CAPTURE(one.situation);
    CHECK(to_string(judge_key(one.operations)) == to_string(one.expected));
    // The table itself can be wrong.
    CHECK(has_an_order(one.operations) == (one.expected == good));
  }
}

} // namespace

TEST_CASE("a register's good histories are accepted, the bad ones rejected") {
  check_all(register_histories);
}

TEST_CASE("a counter's good histories are accepted, the bad ones rejected") {
  check_all(counter_histories);
}

TEST_CASE("a set's good histories are accepted, the bad ones rejected") {
  check_all(set_histories);
}

TEST_CASE("keys are judged each by itself, and the smallest bad one is named") {
  std::vector<operation> history;
  const auto add = [&](const char* key, operation one) {
    one.key = key;
    history.push_back(std::move(one));
  };
  add("good", ok(1, put{"a"}, 0, 1));
  add("good", ok(1, get{"a"}, 2, 3));
  for (const auto* key : {"long", "short"}) {
    add(key, ok(1, put{"a"}, 0, 1));
    add(key, ok(1, put{"b"}, 2, 3));
    add(key, ok(2, get{"a"}, 4, 5));
  }
  add("long", ok(1, put{"c"}, 6, 7));
  const auto found = judge(history);
  REQUIRE(found);
  CHECK(found->is == ruling::violated);
  CHECK(found->keys == 3);
  CHECK(found->operations == 9);
  CHECK(found->key == "short");
  CHECK(found->keys_like_it == 2);
  CHECK(found->key_operations == 3);
  CHECK(found->contradiction.size() == 3);
  CHECK(found->reason
        == "no order has a place for: client 1 puts 'a', called 0, returned 1");
}

TEST_CASE("what isn't a history is refused, with the place") {
  auto mixed = judge({ok(1, put{"a"}, 0, 1), ok(1, read_total{0}, 2, 3)});
  REQUIRE_FALSE(mixed);
  CHECK(mixed.problem().code == error_code::invalid);
  CHECK(mixed.problem().message == "operation 1: key 'k' is used as another type before");
  auto backwards = judge({ok(1, put{"a"}, 5, 4)});
  REQUIRE_FALSE(backwards);
  CHECK(backwards.problem().message == "operation 0 returns before it is called");
}

TEST_CASE("a search that would take too much is given up, not called a violation") {
  std::vector<operation> history;
  for (std::uint32_t client = 0; client < 8; ++client)
    history.push_back(ok(client, put{"v" + std::to_string(client)}, 0, 100));
  for (std::uint32_t client = 0; client < 8; ++client)
    history.push_back(ok(client, get{"v" + std::to_string(client)}, 0, 100));
  const auto found = judge(history, {.max_configurations = 3});
  REQUIRE(found);
  CHECK(found->is == ruling::undecided);
  CHECK(found->key == "k");
  CHECK(judge(history)->is == ruling::linearizable);
}
