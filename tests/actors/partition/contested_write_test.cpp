#include "actors/partition/contested_write.hpp"
#include "storage/crdt/crdt_codec.hpp"
#include "tests/actors/partition/transactions.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;
using conflict::conflict_kind;
using conflict::note;
using conflict::outcome_kind;
using storage::conflict_strategy;

namespace {

storage::space_settings settling(conflict_strategy how, std::string merging = {}) {
  storage::space_settings space;
  space.conflicts = {how, std::move(merging), "on-call"};
  return space;
}

put knowing(std::string value, write_context knows, std::string key = "k") {
  put asked = put_of(std::move(key), std::move(value));
  asked.knows = std::move(knows);
  return asked;
}

write_context base(hlc_stamp version) {
  write_context knows;
  knows.base = version;
  return knows;
}
write_context at(std::uint64_t ms, std::uint64_t origin) {
  write_context knows;
  knows.at = storage::authorship{hlc_stamp::of(first_wall_ms + ms, 0), origin};
  return knows;
}

std::string value_in(const applied_partition& p, const std::string& key = "k") {
  const auto found = p.get(key);
  return found.code == error_code::ok ? *found.value : "-";
}

std::string set_of(std::vector<std::string> elements) {
  return storage::encode_typed(storage::set_value{std::move(elements)});
}

/// A partition whose "k" was read at the first version, and is at the second.
struct read_and_changed {
  applied_partition p;
  hlc_stamp read;
  hlc_stamp current;

  explicit read_and_changed(const storage::space_settings& space) : p({}, space) {
    write_context judged;
    judged.found = std::make_shared<const write_findings>();
    read = p.apply(knowing("one", judged)).version;
    current = p.apply(knowing("two", judged)).version;
  }
  answer write(std::string value) { return p.apply(knowing(std::move(value), base(read))); }
};

} // namespace

TEST_CASE("a write that knows an older version is settled as the space says (C1)") {
  SUBCASE("reject") {
    read_and_changed with{settling(conflict_strategy::reject)};
    const auto given = with.write("mine");
    CHECK(given.code == error_code::version_conflict);
    CHECK(given.version == with.current);
    CHECK(given.conflict == note{conflict_kind::write_write, outcome_kind::refuse});
    CHECK(value_in(with.p) == "two");
  }
  SUBCASE("last writer wins") {
    read_and_changed with{settling(conflict_strategy::last_writer_wins)};
    const auto given = with.write("mine");
    CHECK(given.code == error_code::ok);
    CHECK(given.conflict == note{conflict_kind::write_write, outcome_kind::accept});
    CHECK(value_in(with.p) == "mine");
  }
  SUBCASE("first writer wins") {
    read_and_changed with{settling(conflict_strategy::first_writer_wins)};
    CHECK(with.write("mine").code == error_code::version_conflict);
    CHECK(value_in(with.p) == "two");
  }
  SUBCASE("escalate") {
    read_and_changed with{settling(conflict_strategy::escalate)};
    const auto given = with.write("mine");
    CHECK(given.code == error_code::version_conflict);
    CHECK(given.conflict == note{conflict_kind::write_write, outcome_kind::escalate});
    CHECK(value_in(with.p) == "two");
  }
}

TEST_CASE("who knows the current version, or that nothing is there, has no conflict") {
  read_and_changed with{settling(conflict_strategy::reject)};
  CHECK(with.p.apply(knowing("three", base(with.current))).conflict == std::nullopt);
  CHECK(with.p.apply(knowing("new", base({}), "n")).code == error_code::ok);
  CHECK(with.p.apply(knowing("again", base({}), "n")).code == error_code::version_conflict);
  CHECK(with.p.apply(remove_of("n")).code == error_code::ok);
  CHECK(with.p.apply(knowing("back", base({}), "n")).code == error_code::ok);
}

TEST_CASE("a condition is asked before any strategy") {
  read_and_changed with{settling(conflict_strategy::last_writer_wins)};
  auto asked = knowing("mine", base(with.read));
  asked.when = if_version{with.read};
  CHECK(with.p.apply(asked).code == error_code::version_conflict);
  CHECK(with.p.apply(asked).conflict == std::nullopt);
}

TEST_CASE("of writes with stamps of their own the same one is there, in any order (C1)") {
  for (const auto how :
       {conflict_strategy::last_writer_wins, conflict_strategy::first_writer_wins}) {
    std::vector<put> all{knowing("a", at(10, 1)), knowing("b", at(20, 2)), knowing("c", at(20, 3))};
    std::sort(all.begin(), all.end(), [](const put& a, const put& b) { return *a.value < *b.value; });
    std::string first_seen;
    do {
      applied_partition p{{}, settling(how)};
      for (const auto& one : all)
        CHECK(p.apply(one).code == error_code::ok);
      // The same once more changes nothing.
      CHECK(p.apply(all.front()).code == error_code::ok);
      p.restart();
      if (first_seen.empty())
        first_seen = value_in(p);
      CHECK(value_in(p) == first_seen);
    } while (std::next_permutation(all.begin(), all.end(), [](const put& a, const put& b) {
      return *a.value < *b.value;
    }));
    CHECK(first_seen == (how == conflict_strategy::last_writer_wins ? "c" : "a"));
  }
}

TEST_CASE("a removal with a stamp holds against older writes that come later (C1)") {
  applied_partition p{{}, settling(conflict_strategy::last_writer_wins)};
  auto gone = remove_of("k");
  gone.knows = at(20, 1);
  CHECK(p.apply(gone).code == error_code::ok);
  const auto late = p.apply(knowing("old", at(10, 2)));
  CHECK(late.conflict == note{conflict_kind::write_write, outcome_kind::keep_current});
  CHECK(value_in(p) == "-");
  CHECK(p.apply(knowing("new", at(30, 2))).code == error_code::ok);
  CHECK(value_in(p) == "new");
}

TEST_CASE("merged in either order it comes to the same (C1)") {
  const auto ends_as = [](const std::string& how, bool swapped) {
    applied_partition p{{}, settling(conflict_strategy::merge, how)};
    const auto read = p.apply(put_of("k", set_of({"x", "y"}))).version;
    p.apply(put_of("k", set_of({"a", "x", "y"})));
    std::vector<std::string> both{set_of({"x", "y", "b"}), set_of({"c", "x", "y"})};
    std::sort(both.begin(), both.end());
    if (swapped)
      std::swap(both[0], both[1]);
    for (const auto& one : both) {
      const auto given = p.apply(knowing(one, base(read)));
      CHECK(given.code == (storage::decode_typed(one) ? error_code::ok : error_code::invalid));
    }
    return value_in(p);
  };
  CHECK(ends_as("union", false) == ends_as("union", true));
  CHECK(ends_as("intersection", false) == ends_as("intersection", true));
  CHECK(ends_as("union", false) == set_of({"a", "c", "x", "y"}));
  CHECK(ends_as("intersection", false) == set_of({"x", "y"}));
}

TEST_CASE("what can't be merged is refused in plain words, and kept as it is (W1, W3)") {
  read_and_changed with{settling(conflict_strategy::merge, "union")};
  const auto given = with.write("mine");
  CHECK(given.code == error_code::invalid);
  CHECK(given.message == "the key has bytes, not a set");
  CHECK(value_in(with.p) == "two");
  auto gone = remove_of("k");
  gone.knows = base(with.read);
  CHECK(with.p.apply(gone).code == error_code::version_conflict);
}

TEST_CASE("below the closed timestamp nothing is written any more (C5, T1)") {
  auto space = settling(conflict_strategy::last_writer_wins);
  space.closes_after_ms = 5'000;
  applied_partition p{{}, space};
  p.now_ms += 10'000;
  const auto late = p.apply(knowing("late", at(4'000, 1)));
  CHECK(late.code == error_code::retroactive_write);
  CHECK(late.conflict == note{conflict_kind::temporal, outcome_kind::refuse});
  CHECK(p.apply(knowing("fine", at(8'000, 1))).code == error_code::ok);
  CHECK(value_in(p) == "fine");
}

TEST_CASE("what comes after something that isn't applied is refused at apply (C5)") {
  applied_partition p;
  write_context knows;
  knows.after = hlc_stamp::of(p.now_ms + 60'000, 0);
  const auto given = p.apply(knowing("v", knows));
  CHECK(given.code == error_code::transaction_conflict);
  CHECK(given.conflict == note{conflict_kind::temporal, outcome_kind::wait_for});
  CHECK(value_in(p) == "-");
  knows.after = p.last_stamp();
  CHECK(p.apply(knowing("v", knows)).code == error_code::ok);
}

TEST_CASE("a transaction that read what has changed is a read-write conflict (C2)") {
  read_and_changed with{settling(conflict_strategy::last_writer_wins)};
  const auto given = with.p.apply(having_seen(doing({put_in("k", "x")}), "k", with.read));
  CHECK(given.code == error_code::transaction_conflict);
  CHECK(given.conflict == note{conflict_kind::read_write, outcome_kind::refuse});
}

// -- what waits for somebody ------------------------------------------------------------

TEST_CASE("what is escalated is kept whole, over restarts, until it is settled (C4, A7)") {
  read_and_changed with{settling(conflict_strategy::escalate)};
  auto& p = with.p;
  const auto first = p.apply(knowing("mine", base(with.read)));
  REQUIRE(first.code == error_code::version_conflict);
  p.apply(knowing("theirs", base(with.read)));
  p.restart();
  scan list{things, "", "", 0};
  list.escalated = true;
  const auto waiting = p.machine().read(list);
  REQUIRE(waiting.escalated.size() == 1);
  CHECK(waiting.escalated[0].key == "k");
  REQUIRE(waiting.escalated[0].writes.size() == 2);
  const auto& mine = waiting.escalated[0].writes[0];
  CHECK(*mine.bytes == "mine");
  CHECK(mine.path == "on-call");
  CHECK(mine.current == with.current);
  CHECK(first.message.find(std::to_string(mine.stamp.value)) != std::string::npos);

  const auto kept = mine.stamp;
  CHECK(p.apply(settle_escalation{things, "k", kept, true}).code == error_code::ok);
  CHECK(value_in(p) == "mine");
  CHECK(p.apply(settle_escalation{things, "k", kept, true}).code == error_code::not_found);
  const auto other = p.machine().read(list).escalated.at(0).writes.at(0).stamp;
  CHECK(p.apply(settle_escalation{things, "k", other, false}).code == error_code::ok);
  CHECK(value_in(p) == "mine");
  CHECK(p.machine().read(list).escalated.empty());
}

TEST_CASE("no more than a few writes of a key wait; what doesn't fit is refused (A7)") {
  read_and_changed with{settling(conflict_strategy::escalate)};
  for (std::size_t n = 0; n < max_escalated; ++n)
    CHECK(with.write("mine").conflict == note{conflict_kind::write_write, outcome_kind::escalate});
  const auto over = with.write("mine");
  CHECK(over.conflict == note{conflict_kind::write_write, outcome_kind::refuse});
  CHECK(over.message.starts_with("8 writes of this key wait"));
}

TEST_CASE("a retry hears of the same conflict, and changes nothing (P4)") {
  read_and_changed with{settling(conflict_strategy::last_writer_wins)};
  const auto asked = write(7, 1, knowing("mine", base(with.read)));
  const auto first = with.p.apply(asked);
  with.p.restart();
  with.p.apply(put_of("k", "later"));
  const auto again = with.p.apply(asked);
  CHECK(again.repeated);
  CHECK(again.conflict == first.conflict);
  CHECK(value_in(with.p) == "later");
}

// -- what the leader found out ----------------------------------------------------------

namespace {

write_context having_found(write_context knows, write_findings found) {
  knows.found = std::make_shared<const write_findings>(std::move(found));
  return knows;
}

} // namespace

TEST_CASE("what a custom function made is written only over what it was made of (P1)") {
  read_and_changed with{settling(conflict_strategy::merge, "custom:longest")};
  write_findings found;
  found.merged = bytes("both");
  found.merged_of = with.read;
  const auto stale = with.p.apply(knowing("mine", having_found(base(with.read), found)));
  CHECK(stale.code == error_code::overloaded);
  CHECK(value_in(with.p) == "two");
  found.merged_of = with.current;
  CHECK(with.p.apply(knowing("mine", having_found(base(with.read), found))).code
        == error_code::ok);
  CHECK(value_in(with.p) == "both");
}

TEST_CASE("a write that was admitted before its space had rules is asked once more (W4)") {
  auto space = settling(conflict_strategy::last_writer_wins);
  space.policy = "four-eyes";
  read_and_changed with{space};
  const auto asked = write(7, 1, put_of("k", "unjudged"));
  CHECK(with.p.apply(asked).code == error_code::overloaded);
  CHECK(value_in(with.p) == "two");
  // Not remembered: the same one, judged, is written.
  auto judged = asked;
  std::get<put>(judged.what).knows.found = std::make_shared<const write_findings>();
  CHECK(with.p.apply(judged).code == error_code::ok);
  CHECK(value_in(with.p) == "unjudged");
}

TEST_CASE("what the leader found out of policy and schema decides (C3, C4)") {
  read_and_changed with{settling(conflict_strategy::last_writer_wins)};
  write_findings found;
  SUBCASE("denied") {
    found.found.policy = conflict::policy_finding::denied;
    found.found.policy_problem = "not on Sundays";
    const auto given = with.p.apply(knowing("x", having_found({}, found)));
    CHECK(given.code == error_code::denied);
    CHECK(given.message == "refused by policy: not on Sundays");
    CHECK(given.conflict == note{conflict_kind::policy, outcome_kind::refuse});
  }
  SUBCASE("somebody decides") {
    found.found.policy = conflict::policy_finding::somebody_decides;
    found.found.policy_problem = "over the limit";
    found.found.escalation = "cfo";
    const auto given = with.p.apply(knowing("x", having_found({}, found)));
    CHECK(given.code == error_code::denied);
    CHECK(given.conflict == note{conflict_kind::policy, outcome_kind::escalate});
    scan list{things, "", "", 0};
    list.escalated = true;
    CHECK(with.p.machine().read(list).escalated.at(0).writes.at(0).path == "cfo");
  }
  SUBCASE("incompatible") {
    found.found.schema = conflict::schema_finding::incompatible;
    found.found.schema_problem = "a field changed its type";
    const auto given = with.p.apply(knowing("x", having_found({}, found)));
    CHECK(given.code == error_code::schema_incompatible);
    CHECK(given.conflict == note{conflict_kind::schema, outcome_kind::refuse});
  }
  SUBCASE("migrated") {
    found.migrated = true;
    const auto given = with.p.apply(knowing("as new", having_found({}, found)));
    CHECK(given.code == error_code::ok);
    CHECK(given.conflict == note{conflict_kind::schema, outcome_kind::migrate});
  }
}

// -- CRDTs ------------------------------------------------------------------------------

namespace {

std::string counted(std::uint64_t replica, std::int64_t amount) {
  return crdt::encode_stored(*crdt::pn_counter{}.add({replica}, amount));
}

std::int64_t total_in(const applied_partition& p) {
  const auto value = crdt::decode_stored(value_in(p));
  REQUIRE(value);
  return std::get<crdt::pn_counter>(*value).total();
}

} // namespace

TEST_CASE("each put into a space of CRDTs is joined with what is there (W2)") {
  applied_partition p{{}, settling(conflict_strategy::merge, "crdt")};
  CHECK(p.apply(put_of("k", counted(1, 5))).code == error_code::ok);
  CHECK(p.apply(put_of("k", counted(2, -2))).code == error_code::ok);
  CHECK(p.apply(put_of("k", counted(1, 5))).code == error_code::ok);
  p.restart();
  CHECK(total_in(p) == 3);
  const auto other
    = p.apply(put_of("k", crdt::encode_stored(crdt::or_set{}.insert({1}, "a"))));
  CHECK(other.code == error_code::invalid);
  const auto bytes_of_none = p.apply(put_of("k", "plain"));
  CHECK(bytes_of_none.code == error_code::invalid);
  CHECK(bytes_of_none.message
        == "the value: the space keeps CRDTs, and this is none: not a CRDT's bytes");
  CHECK(total_in(p) == 3);
}

namespace {

/// As its leader logs one that writes where rules are, and has nothing to say of it.
transact admitted(transact what) {
  what.found = std::make_shared<const transaction_findings>();
  return what;
}

} // namespace

TEST_CASE("so is each put of a transaction, when it prepares or is applied; nothing else changes one (W2)") {
  applied_partition p{{}, settling(conflict_strategy::merge, "crdt")};
  p.apply(put_of("k", counted(1, 5)));
  CHECK(p.apply(admitted(doing({put_in("k", counted(2, 1)), put_in("k", counted(3, 1))}))).code
        == error_code::ok);
  CHECK(total_in(p) == 7);
  const transaction_terms terms{{{7}, {1}}, {things, "home"}, at_ms(0), at_ms(10'000)};
  CHECK(p.apply(prepare{terms, admitted(doing({put_in("k", counted(4, 1)), put_in("new", counted(4, 1))}))})
          .code
        == error_code::ok);
  p.apply(resolve{terms.id, true, p.last_stamp(), terms.deadline});
  CHECK(total_in(p) == 8);
  for (const auto& step : {put_in("k", "plain"), put_in("other", "plain"), add_in("k", 1),
                           add_in("other", 1), append_in("other", "e")}) {
    const auto given = p.apply(admitted(doing({put_in("k", counted(5, 1)), step})));
    CHECK(given.code == error_code::invalid);
    CHECK(given.message.find("step 1: '") == 0);
    CHECK(given.message.find("the space keeps CRDTs") != std::string::npos);
  }
  // From before state machine version 3, when they were refused: whoever applies it agrees.
  CHECK(p.apply(doing({put_in("k", counted(5, 1))})).code == error_code::invalid);
  CHECK(total_in(p) == 8);
  CHECK(p.apply(admitted(doing({remove_in("k")}))).code == error_code::ok);
  CHECK(value_in(p) == "-");
}

// -- what transactions write ------------------------------------------------------------

namespace {

storage::space_settings ruled() {
  storage::space_settings space;
  space.policy = "rule";
  return space;
}

/// One write, judged when its key was at `of`.
transact judged(step what, hlc_stamp of, conflict::findings found = {}) {
  auto whole = doing({std::move(what)});
  whole.found = std::make_shared<const transaction_findings>(
    transaction_findings{{{{0, of}}, std::move(found)}, {}});
  return whole;
}

conflict::findings denied() {
  conflict::findings found;
  found.policy = conflict::policy_finding::denied;
  found.policy_problem = "too much";
  return found;
}

} // namespace

TEST_CASE("a rule's word on what a transaction writes counts while that is what it was asked about (D4)") {
  applied_partition p{{}, ruled()};
  const auto first = p.apply(judged(add_in("k", 5), {}));
  REQUIRE(first.code == error_code::ok);
  // Five more, allowed while nothing was there: another value than the one that was judged.
  auto late = write(1, 100, judged(add_in("k", 5), {}));
  const auto stale = p.apply(late);
  CHECK(stale.code == error_code::overloaded);
  CHECK(p.get("k").version == first.version);
  // Not remembered: the leader asks once more.
  late.what = judged(add_in("k", 5), first.version);
  CHECK(p.apply(late).code == error_code::ok);
  CHECK(p.apply(admitted(doing({put_in("k", "unasked")}))).code == error_code::overloaded);
  CHECK(p.apply(doing({put_in("k", "by a program before")})).code == error_code::invalid);
  CHECK(p.apply(judged(get_in("k"), {})).code == error_code::overloaded);
  CHECK(p.apply(doing({get_in("k")})).code == error_code::ok);
}

TEST_CASE("what may not be written refuses the whole, with the rule's own sentence (C3, C4)") {
  applied_partition p{{}, ruled()};
  auto found = denied();
  std::string wanted = "'k': refused by policy: too much";
  auto code = error_code::denied;
  SUBCASE("by a policy") {}
  SUBCASE("that wants somebody to decide") {
    found.policy = conflict::policy_finding::somebody_decides;
    wanted = "'k': somebody has to decide (too much)";
  }
  SUBCASE("by a schema") {
    found = {};
    found.schema = conflict::schema_finding::incompatible;
    found.schema_problem = "not a message";
    wanted = "'k': the value doesn't fit the space's schema: not a message";
    code = error_code::schema_incompatible;
  }
  const auto given = p.apply(judged(put_in("k", "v"), {}, found));
  CHECK(given.code == code);
  CHECK(given.message.find(wanted) == 0);
  CHECK(given.conflict->then == outcome_kind::refuse);
  // So does one that prepares, and locks nothing.
  const transaction_terms terms{{{7}, {1}}, {things, "home"}, at_ms(0), at_ms(10'000)};
  CHECK(p.apply(prepare{terms, judged(put_in("k", "v"), {}, found)}).message == given.message);
  CHECK(p.machine().transactions().locks().is_empty());
  // And home, for good.
  auto asked = write(7, 1, decide{terms, judged(put_in("k", "v"), {}, found), {}, {}, false, {}});
  CHECK(p.apply(asked).message == given.message);
  CHECK(p.apply(push{terms.id, terms.home, terms.deadline}).otherwise);
  CHECK(value_in(p) == "-");
}

TEST_CASE("home decides nothing by a rule that was asked about something else (D4)") {
  applied_partition p{{}, ruled()};
  p.apply(judged(put_in("k", "v"), {}));
  const transaction_terms terms{{{7}, {1}}, {things, "k"}, at_ms(0), at_ms(10'000)};
  CHECK(p.apply(prepare{{{{7}, {2}}, {things, "k"}, at_ms(0), at_ms(10'000)},
                        judged(add_in("other", 1), hlc_stamp{7})})
          .code
        == error_code::overloaded);
  auto asked = write(7, 1, decide{terms, judged(put_in("k", "w"), {}), {}, {}, false, {}});
  CHECK(p.apply(asked).code == error_code::overloaded);
  CHECK_FALSE(p.machine().transactions().ended(terms.id));
  std::get<decide>(asked.what).part = judged(put_in("k", "w"), p.get("k").version);
  CHECK(p.apply(asked).code == error_code::ok);
  CHECK(value_in(p) == "w");
}

TEST_CASE("of one that compares each branch is judged by itself (D4)") {
  applied_partition p{{}, ruled()};
  auto part = judged(put_in("k", "allowed"), {});
  part.compare = {{things, "flag", relation::equal, hlc_stamp{}}};
  part.otherwise = {put_in("k", "not allowed")};
  auto found = *part.found;
  found.otherwise = {{{0, {}}}, denied()};
  part.found = std::make_shared<const transaction_findings>(found);
  const transaction_terms terms{{{7}, {1}}, {things, "home"}, at_ms(0), at_ms(10'000)};
  const auto given = p.apply(prepare{terms, part, true});
  REQUIRE(given.code == error_code::ok);
  CHECK(given.branch->of_first.code == error_code::ok);
  CHECK(given.branch->of_this.code == error_code::denied);
  p.apply(resolve{terms.id, false, {}, terms.deadline});
  CHECK(p.apply(part).code == error_code::ok);
  CHECK(value_in(p) == "allowed");
}
