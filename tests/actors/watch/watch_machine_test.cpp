#include "actors/watch/watch_machine.hpp"
#include "tests/actors/watch/watched_replica.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::watching;
using namespace present::watching::test;

namespace {

std::string keys_of(const watched_page& page) {
  std::string all;
  for (const auto& change : page.changes)
    all += (change.is_removal ? "-" : "") + change.key + " ";
  return all;
}

watch of_key(std::string key, watch_position from = {}) {
  return {{1}, std::move(key), false, from, {}, 1000, false};
}
watch of_prefix(std::string key, watch_position from = {}) {
  return {{1}, std::move(key), true, from, {}, 1000, false};
}

} // namespace

TEST_CASE("a watch waits for a change of its own, and hears of no other (W4)") {
  watched_replica replica;
  const auto one = replica.ask(of_key("a"));
  const auto many = replica.ask(of_prefix("b"));
  replica.apply({value_of("c", 10)});
  CHECK(replica.is_open(one));
  replica.apply({value_of("a", 20), value_of("ab", 21)});
  CHECK(keys_of(replica.page_of(one)) == "a ");
  CHECK(replica.is_open(many));
  replica.apply({value_of("b", 30), value_of("bb", 31), value_of("a", 32)});
  CHECK(keys_of(replica.page_of(many)) == "b bb ");
  CHECK(replica.machine.waiting() == 0);
}

TEST_CASE("keys of other spaces are other keys") {
  watched_replica replica;
  const auto tag = replica.ask(of_prefix(""));
  replica.apply({value_of("a", 10, {2})});
  CHECK(replica.is_open(tag));
  replica.apply({value_of("a", 20)});
  CHECK(keys_of(replica.page_of(tag)) == "a ");
}

TEST_CASE("a page goes on where the one before ended, whatever happened between (W2)") {
  watched_replica replica;
  const auto first = replica.ask(of_prefix("a"));
  replica.apply({value_of("a1", 10), value_of("x", 11), removal_of("a2", 12)});
  const auto next = replica.page_of(first).next;
  replica.apply({value_of("x", 20)});
  replica.apply({value_of("a1", 30)});
  const auto second = replica.ask(of_prefix("a", next));
  CHECK(keys_of(replica.page_of(second)) == "a1 ");
  const auto third = replica.ask(of_prefix("a", replica.page_of(second).next));
  CHECK(replica.is_open(third));
}

TEST_CASE("a page that is full ends between two changes of an entry (W5, W2)") {
  watched_replica replica({4096, 10});
  const auto start = replica.machine.window().end();
  replica.apply({value_of("a", 10, {1}, "1234"), value_of("b", 11, {1}, "1234"),
                 value_of("c", 12, {1}, "1234"), value_of("d", 13, {1}, "123456789abcdef")});
  auto from = start;
  std::string all;
  for (int pages = 0; pages < 3; ++pages) {
    const auto page = replica.page_of(replica.ask(of_prefix("", from)));
    all += keys_of(page) + "| ";
    from = page.next;
  }
  CHECK(all == "a b | c | d | ");
  CHECK(from == replica.machine.window().end());
}

TEST_CASE("what waits hears a full page's rest with its next question, too (W5)") {
  watched_replica replica({4096, 6});
  const auto tag = replica.ask(of_prefix(""));
  replica.apply({value_of("a", 10, {1}, "1234"), value_of("b", 11, {1}, "1234"),
                 value_of("c", 12, {1}, "")});
  const auto page = replica.page_of(tag);
  CHECK(keys_of(page) == "a ");
  CHECK(keys_of(replica.page_of(replica.ask(of_prefix("", page.next)))) == "b c ");
}

TEST_CASE("each change says where to go on behind it (P2)") {
  watched_replica replica;
  const auto start = replica.machine.window().end();
  replica.apply({value_of("a", 10), value_of("b", 11)});
  const auto page = replica.page_of(replica.ask(of_prefix("", start)));
  REQUIRE(page.changes.size() == 2);
  CHECK(keys_of(replica.page_of(replica.ask(of_prefix("", page.changes[0].next)))) == "b ");
  CHECK(page.changes[1].next == page.next);
}

TEST_CASE("without a place a watch begins now, or above a version") {
  watched_replica replica;
  replica.apply({value_of("a", 10), value_of("b", 11)});
  replica.apply({value_of("c", 20)});
  const auto now = replica.ask(of_prefix(""));
  CHECK(replica.is_open(now));
  const auto above = [&](std::uint64_t version) {
    auto what = of_prefix("");
    what.above = {version};
    return keys_of(replica.page_of(replica.ask(what)));
  };
  CHECK(above(9) == "a b c ");
  CHECK(above(10) == "b c ");
  CHECK(above(11) == "c ");
  auto ahead = of_prefix("");
  ahead.above = {40};
  const auto tag = replica.ask(ahead);
  replica.apply({value_of("d", 39)});
  CHECK(replica.is_open(tag));
  replica.apply({value_of("e", 41)});
  CHECK(keys_of(replica.page_of(tag)) == "e ");
}

TEST_CASE("a transaction that is resolved late is above a version by its own (P2)") {
  watched_replica replica;
  replica.apply({value_of("early", 5)}, 30); // its entry's stamp is above its version
  auto what = of_prefix("");
  what.above = {10};
  replica.apply({value_of("late", 35)});
  CHECK(keys_of(replica.page_of(replica.ask(what))) == "late ");
}

TEST_CASE("who comes too late for what is kept is told to list again (W3)") {
  watched_replica replica({600, 100});
  const auto start = replica.machine.window().end();
  for (std::uint64_t stamp = 10; stamp < 20; ++stamp)
    replica.apply({value_of("k", stamp)});
  REQUIRE(replica.machine.window().floor() > start);
  CHECK(replica.machine.window().bytes() <= 600);
  const auto why = replica.refusal_of(replica.ask(of_prefix("", start)));
  CHECK(why.code == error_code::too_old);
  CHECK(why.message.starts_with("compacted"));
  auto above = of_prefix("");
  above.above = {9};
  CHECK(replica.refusal_of(replica.ask(above)).code == error_code::too_old);
  const auto page = replica.page_of(replica.ask(of_prefix("", replica.machine.window().floor())));
  CHECK(page.next == replica.machine.window().end());
}

TEST_CASE("one entry that is larger than the window still reaches who waits (N3)") {
  watched_replica replica({100, 1000});
  const auto tag = replica.ask(of_key("k"));
  replica.apply({value_of("k", 10, {1}, std::string(500, 'v'))});
  CHECK(keys_of(replica.page_of(tag)) == "k ");
}

TEST_CASE("a snapshot's gap is told to who waits, and no one hears what is behind it (W3)") {
  watched_replica replica;
  replica.apply({value_of("k", 10)});
  const auto waits = replica.ask(of_prefix(""));
  const auto ahead = replica.ask(of_prefix("", {{50}, 0}));
  replica.restore({40}, {100});
  CHECK(replica.refusal_of(waits).code == error_code::too_old);
  CHECK(replica.is_open(ahead)); // it has seen all that up to there
  CHECK(replica.refusal_of(replica.ask(of_prefix("", {{40}, 0}))).code == error_code::too_old);
  const auto at = replica.ask(of_prefix("", {{41}, 0}));
  replica.apply({value_of("k", 110)});
  CHECK(keys_of(replica.page_of(at)) == "k ");
}

TEST_CASE("a watch that comes from a replica which is ahead waits for this one (W1)") {
  watched_replica replica;
  const auto end = replica.machine.window().end();
  const auto tag = replica.ask(of_prefix("", {next(end.index), 1}));
  replica.apply({value_of("a", 10)});
  CHECK(replica.is_open(tag));
  replica.apply({value_of("b", 20), value_of("c", 21)});
  CHECK(keys_of(replica.page_of(tag)) == "c ");
}

TEST_CASE("a watch whose time is over gets a later place to go on from") {
  watched_replica replica;
  const auto tag = replica.ask(of_key("a"));
  replica.apply({value_of("b", 10)});
  replica.end(tag);
  CHECK(replica.page_of(tag).changes.empty());
  CHECK(replica.page_of(tag).next == replica.machine.window().end());
  replica.end(tag); // no matter
  auto at_once = of_key("a");
  at_once.wait_ms = 0;
  CHECK(replica.page_of(replica.ask(at_once)).changes.empty());
}

TEST_CASE("those of what is gone are refused, the others wait on") {
  watched_replica replica;
  auto other = of_prefix("");
  other.space = {2};
  const auto gone = replica.ask(of_prefix(""));
  const auto stays = replica.ask(other);
  replica.refuse_where([](const watch& what) { return what.space == space_id{1}; });
  CHECK(replica.refusal_of(gone).code == error_code::wrong_partition);
  CHECK(replica.is_open(stays));
}
