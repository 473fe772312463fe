#include "tests/actors/partition/transactions.hpp"

#include "runtime/base/bounds.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

comparison equals(std::string key, std::string value) {
  return {things, std::move(key), relation::equal, std::move(value)};
}

std::string number(std::int64_t value) {
  return storage::encode_typed(storage::integer_value{value});
}

} // namespace

TEST_CASE("all writes of a transaction have one version") {
  applied_partition p;
  p.apply(put_of("gone", "x"));
  const auto done = p.apply(doing({put_in("a", "1"), put_in("b", "2"), remove_in("gone")}));
  CHECK(done.code == error_code::ok);
  CHECK(done.version == p.last_stamp());
  CHECK_FALSE(done.steps); // nothing but what follows from the version
  CHECK(p.get("a").version == done.version);
  CHECK(p.get("b").version == done.version);
  CHECK(p.get("gone").code == error_code::not_found);
}

TEST_CASE("a step that can't be done undoes those before it") {
  applied_partition p;
  p.apply(put_of("text", "plain"));
  const auto refused = p.apply(doing({put_in("a", "1"), add_in("text", 1)}));
  CHECK(refused.code == error_code::invalid);
  CHECK(refused.message == "step 1: 'text': the key has bytes, not an integer");
  CHECK(p.get("a").code == error_code::not_found);
}

TEST_CASE("what was read and has changed is a conflict that names the key (P1)") {
  applied_partition p;
  const auto first = p.apply(put_of("a", "1")).version;
  const auto second = p.apply(put_of("a", "2")).version;
  const auto refused = p.apply(having_seen(doing({put_in("b", "x")}), "a", first));
  CHECK(refused.code == error_code::transaction_conflict);
  CHECK(refused.known == outcome::not_applied);
  CHECK(refused.version == second);
  CHECK(refused.message.starts_with("'a' was read at version " + std::to_string(first.value)));
  CHECK(p.get("b").code == error_code::not_found);
  CHECK(p.apply(having_seen(doing({put_in("b", "x")}), "a", second)).code == error_code::ok);
}

TEST_CASE("an absent key that was read may not have come, nor one that was there have gone") {
  applied_partition p;
  CHECK(p.apply(having_seen(doing({put_in("b", "x")}), "a", {})).code == error_code::ok);
  const auto there = p.apply(put_of("a", "1")).version;
  CHECK(p.apply(having_seen(doing({}), "a", {})).code == error_code::transaction_conflict);
  p.apply(remove_of("a"));
  CHECK(p.apply(having_seen(doing({put_in("b", "y")}), "a", there)).code
        == error_code::transaction_conflict);
  CHECK(p.apply(having_seen(doing({put_in("b", "y")}), "a", {})).code == error_code::ok);
}

TEST_CASE("nothing appears in a range that was read, goes from it or changes") {
  applied_partition p;
  const auto b = p.apply(put_of("b", "1")).version;
  const auto d = p.apply(put_of("d", "1")).version;
  auto seen = doing({put_in("sum", "2")});
  seen.ranges = {{things, "a", "e", {{"b", b}, {"d", d}}}};
  CHECK(p.apply(seen).code == error_code::ok);
  p.apply(put_of("e", "outside"));
  CHECK(p.apply(seen).code == error_code::ok);
  SUBCASE("a phantom") {
    p.apply(put_of("c", "1"));
    const auto refused = p.apply(seen);
    CHECK(refused.code == error_code::transaction_conflict);
    CHECK(refused.message.starts_with("'c' was read at version 0 "));
  }
  SUBCASE("one that is gone") {
    p.apply(remove_of("d"));
    CHECK(p.apply(seen).message.starts_with("'d' was read at version "));
  }
  SUBCASE("one that changed") {
    p.apply(put_of("b", "2"));
    CHECK(p.apply(seen).message.starts_with("'b' was read at version "));
  }
  SUBCASE("a part of a range is no promise about the rest") {
    seen.ranges.front().last = "c";
    CHECK(p.apply(seen).message.starts_with("'d' was read at version "));
  }
}

TEST_CASE("comparisons choose the branch, and the answer says which") {
  applied_partition p;
  auto swap = doing({put_in("a", "new")});
  swap.compare = {equals("a", "old")};
  swap.otherwise = {get_in("a")};
  auto said = p.apply(swap);
  CHECK(said.code == error_code::ok);
  CHECK(said.otherwise); // an absent key has no value
  REQUIRE(said.steps);
  CHECK(said.steps->front().code == error_code::not_found);
  const auto old = p.apply(put_of("a", "old")).version;
  said = p.apply(swap);
  CHECK_FALSE(said.otherwise);
  CHECK(*p.get("a").value == "new");
  said = p.apply(swap);
  CHECK(said.otherwise);
  CHECK(*said.steps->front().value == "new");
  CHECK(said.steps->front().version > old);
}

TEST_CASE("versions and values are compared in each way") {
  applied_partition p;
  const auto version = p.apply(put_of("m", "m")).version;
  const auto holds = [&](comparison one) {
    auto what = doing({get_in("m")});
    what.compare = {std::move(one)};
    return !p.machine().read(what).otherwise;
  };
  CHECK(holds({things, "m", relation::equal, version}));
  CHECK_FALSE(holds({things, "m", relation::not_equal, version}));
  CHECK(holds({things, "m", relation::greater, hlc_stamp{1}}));
  CHECK_FALSE(holds({things, "m", relation::less, version}));
  CHECK(holds({things, "m", relation::less, std::string{"n"}}));
  CHECK(holds({things, "m", relation::greater, std::string{"l"}}));
  CHECK(holds({things, "m", relation::not_equal, std::string{"l"}}));
  CHECK(holds({things, "absent", relation::equal, hlc_stamp{}}));
  CHECK_FALSE(holds({things, "absent", relation::not_equal, std::string{"l"}}));
}

TEST_CASE("a step sees what the steps before it wrote") {
  applied_partition p;
  p.apply(put_of("b", "old"));
  const auto done = p.apply(doing({
    put_in("a", "1"), get_in("a"), remove_in("b"), get_in("b"), remove_in("b"), add_in("n", 5),
    add_in("n", -2), append_in("l", "x"), append_in("l", "y"),
    scan_step{things, "", "", 0, false}}));
  REQUIRE(done.code == error_code::ok);
  REQUIRE(done.steps);
  const auto& steps = *done.steps;
  REQUIRE(steps.size() == 10);
  CHECK(*steps[1].value == "1");
  CHECK(steps[1].version == done.version);
  CHECK(steps[3].code == error_code::not_found);
  CHECK(steps[4].code == error_code::not_found);
  CHECK(*steps[6].value == number(3));
  REQUIRE(steps[9].rows.size() == 3);
  CHECK(steps[9].rows[0].key == "a");
  CHECK(*steps[9].rows[1].value == storage::encode_typed(storage::list_value{{"x", "y"}}));
  CHECK(*p.get("n").value == number(3));
}

TEST_CASE("a scan among the steps is a page like any other") {
  applied_partition p;
  for (const auto* key : {"a", "b", "c", "d"})
    p.apply(put_of(key, "1"));
  const auto done = p.apply(doing({put_in("bb", "2"), remove_in("c"),
                                   scan_step{things, "b", "", 2, true}}));
  const auto& page = done.steps->back();
  REQUIRE(page.rows.size() == 2);
  CHECK(page.rows[0].key == "b");
  CHECK_FALSE(page.rows[0].value);
  CHECK(page.rows[1].key == "bb");
  CHECK(page.more);
}

TEST_CASE("a retry hears what the first try read and made, also after a restart (P4)") {
  applied_partition p;
  auto count = doing({add_in("n", 1), get_in("n"), scan_step{things, "", "", 0, false}});
  count.compare = {equals("n", number(0))};
  count.otherwise = count.then;
  const auto first = p.apply(write(9, 1, count));
  p.apply(doing({add_in("n", 10)}));
  for (const bool restarted : {false, true}) {
    if (restarted)
      p.restart();
    const auto again = p.apply(write(9, 1, count));
    CHECK(again.repeated);
    CHECK(again.otherwise);
    CHECK(again.version == first.version);
    CHECK(storage::same_results(again.steps, first.steps));
  }
  CHECK(*p.get("n").value == number(11));
}

TEST_CASE("a conflict is remembered: the retry of an operation can't succeed later (P6)") {
  applied_partition p;
  const auto version = p.apply(put_of("a", "1")).version;
  auto once = write(9, 1, having_seen(doing({put_in("b", "x")}), "a", version));
  p.apply(remove_of("a"));
  CHECK(p.apply(once).code == error_code::transaction_conflict);
  const auto again = p.apply(once);
  CHECK(again.code == error_code::transaction_conflict);
  CHECK(again.repeated);
  CHECK_FALSE(again.message.empty());
}

TEST_CASE("answers that have to be remembered are bounded, each and all together") {
  session_limits limits;
  limits.result_bytes = 1000;
  applied_partition p{limits};
  const std::string large(bounds::max_transaction_results / 2 + 1, 'x');
  p.apply(put_of("a", large));
  const auto refused = p.apply(doing({put_in("b", "1"), get_in("a"), get_in("a")}));
  CHECK(refused.code == error_code::too_large);
  CHECK(p.get("b").code == error_code::not_found);
  CHECK(p.apply(write(9, 1, doing({put_in("b", "1"), get_in("a")}))).code == error_code::ok);
  CHECK(p.machine().sessions().result_bytes() > limits.result_bytes);
  const auto full = p.apply(write(9, 2, doing({put_in("b", "2")})));
  CHECK(full.code == error_code::overloaded);
  CHECK(p.apply(write(9, 3, put_of("c", "1"))).code == error_code::ok);
  // An acknowledgement makes room.
  CHECK(p.apply(write(9, 2, doing({put_in("b", "2")}), 2)).code == error_code::ok);
  CHECK(p.machine().sessions().result_bytes() == 0);
}

TEST_CASE("limits are said by their own errors, and by the place") {
  applied_partition p;
  transact many;
  for (std::size_t n = 0; n <= bounds::max_transaction_keys; ++n)
    many.then.push_back(put_in("k" + std::to_string(n), ""));
  auto refused = p.apply(many);
  CHECK(refused.code == error_code::too_large);
  CHECK(refused.message == "transaction: 10001 keys and rows; the limit is 10000");
  many.then.pop_back();
  CHECK(p.apply(many).code == error_code::ok);

  transact heavy;
  for (int n = 0; n < 8; ++n)
    heavy.then.push_back(put_in("k" + std::to_string(n), std::string(bounds::max_value, 'x')));
  refused = p.apply(heavy);
  CHECK(refused.code == error_code::too_large);
  CHECK(refused.message
        == "transaction: 8388624 bytes of keys and values; the limit is 8388608");

  refused = p.apply(doing({get_in("a"), put_in("", "x")}));
  CHECK(refused.code == error_code::invalid);
  CHECK(refused.message == "then[1].key: empty; a key has 1 to 400 bytes");
  CHECK(p.apply(doing({append_in("l", std::string(bounds::max_value, 'x'))})).code
        == error_code::too_large);
}

TEST_CASE("a transaction with a key of another partition is not this one's (A5)") {
  applied_partition p;
  p.machine().apply(batch_at(hlc_stamp::of(++p.now_ms, 0), {},
                             adopt_share{{2}, {{things, "", "m"}}}));
  CHECK(p.apply(doing({put_in("a", "1"), put_in("z", "2")})).code
        == error_code::wrong_partition);
  CHECK(p.get("a").code == error_code::not_found);
  auto range = doing({put_in("a", "1")});
  range.ranges = {{things, "a", "n", {}}};
  CHECK(p.apply(range).code == error_code::wrong_partition);
  range.ranges = {{things, "a", "m", {}}};
  CHECK(p.apply(range).code == error_code::ok);
}

TEST_CASE("one that changes nothing is a read, and validates as well") {
  applied_partition p;
  const auto version = p.apply(put_of("a", "1")).version;
  auto look = having_seen(doing({get_in("a")}), "a", version);
  CHECK(operation{.id = {}, .what = look}.is_read());
  CHECK_FALSE((operation{.id = {}, .what = doing({put_in("a", "")})}.is_read()));
  CHECK(*p.machine().read(look).steps->front().value == "1");
  p.apply(put_of("a", "2"));
  CHECK(p.machine().read(look).code == error_code::transaction_conflict);
}
