#include "tests/actors/partition/transactions.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// The transaction that client 7 asked for as its operation `number`, started at the
/// test's beginning; its deadline is 100 ms later.
transaction_terms terms(std::uint64_t number) {
  return {{{7}, {number}}, {things, "home"}, at_ms(0), at_ms(100)};
}

prepare preparing(std::uint64_t number, transact part) {
  return {terms(number), std::move(part)};
}

decide deciding(std::uint64_t number, transact part, std::vector<prepared_part> others = {}) {
  return {terms(number), std::move(part), std::move(others)};
}

resolve resolving(std::uint64_t number, bool committed, hlc_stamp stamp) {
  return {terms(number).id, committed, stamp, terms(number).deadline};
}

push pushing(std::uint64_t number) {
  return {terms(number).id, terms(number).home, terms(number).deadline};
}

/// As the session of client 7 has it.
operation as_asked(std::uint64_t number, decide what) {
  return write(7, number, std::move(what));
}

void pass_deadline(applied_partition& p) {
  p.now_ms = terms(0).deadline.wall_ms() + 1;
}

std::string at(const applied_partition& p, const std::string& key) {
  const auto found = p.get(key);
  return found.value ? *found.value : "(absent)";
}

bool is_locked(const answer& given, std::uint64_t by) {
  return given.code == error_code::transaction_conflict && given.holder
         && given.holder->terms == terms(by);
}

} // namespace

TEST_CASE("what has prepared is written with home's stamp when it is resolved, not before") {
  applied_partition p;
  const auto prepared = p.apply(preparing(1, doing({put_in("a", "1"), add_in("n", 2)})));
  REQUIRE(prepared.code == error_code::ok);
  CHECK(prepared.version == p.last_stamp());
  CHECK(p.machine().read(get{things, "a", true}).code == error_code::not_found);
  const auto decided = p.last_stamp();
  CHECK(p.apply(resolving(1, true, decided)).code == error_code::ok);
  CHECK(p.get("a").version == decided);
  CHECK(p.get("n").version == decided);
  CHECK(p.machine().transactions().locks().is_empty());
}

TEST_CASE("what is resolved as aborted leaves nothing but that") {
  applied_partition p;
  p.apply(preparing(1, doing({put_in("a", "1")})));
  CHECK(p.apply(resolving(1, false, {})).code == error_code::ok);
  CHECK(p.get("a").code == error_code::not_found);
  CHECK(p.apply(put_of("a", "2")).code == error_code::ok);
}

TEST_CASE("a deadline never lets go of a lock: home may have committed just before (P8)") {
  applied_partition p;
  p.apply(preparing(1, doing({put_in("a", "1")})));
  const auto decided = p.last_stamp();
  pass_deadline(p);
  CHECK(is_locked(p.apply(put_of("a", "torn")), 1));
  CHECK(p.apply(resolving(1, true, decided)).code == error_code::ok);
  CHECK(at(p, "a") == "1");
}

TEST_CASE("locks and ends survive a restart (P8, P9)") {
  applied_partition p;
  const auto version = p.apply(put_of("seen", "1")).version;
  auto part = having_seen(doing({put_in("a", "1")}), "seen", version);
  part.ranges = {{things, "r", "s", {}}};
  p.apply(preparing(1, part));
  p.apply(resolving(2, false, {}));
  p.restart();
  CHECK(is_locked(p.get("a"), 1));
  CHECK(is_locked(p.apply(put_of("seen", "2")), 1));
  CHECK(is_locked(p.apply(put_of("rx", "phantom")), 1));
  CHECK(p.apply(preparing(2, doing({put_in("b", "1")}))).code
        == error_code::transaction_conflict);
  const auto decided = p.last_stamp();
  p.apply(resolving(1, true, decided));
  p.restart();
  CHECK(at(p, "a") == "1");
  const auto* ended = p.machine().transactions().ended(terms(1).id);
  REQUIRE(ended);
  CHECK(ended->committed);
}

TEST_CASE("the first to decide wins, also against whoever pushes (P7)") {
  applied_partition p;
  SUBCASE("decided, then pushed") {
    const auto done = p.apply(as_asked(1, deciding(1, doing({put_in("a", "1")}))));
    CHECK(done.code == error_code::ok);
    const auto pushed = p.apply(pushing(1));
    CHECK_FALSE(pushed.otherwise);
    CHECK(pushed.version == done.version);
  }
  SUBCASE("pushed, then decided") {
    CHECK(p.apply(pushing(1)).otherwise);
    const auto late = p.apply(as_asked(1, deciding(1, doing({put_in("a", "1")}))));
    CHECK(late.code == error_code::transaction_conflict);
    CHECK_FALSE(late.holder); // over, and remembered
    CHECK(p.get("a").code == error_code::not_found);
    CHECK(p.apply(as_asked(1, deciding(1, doing({put_in("a", "1")})))).repeated);
  }
}

TEST_CASE("a decision and its client's answer are one entry: a retry applies nothing (P6)") {
  applied_partition p;
  const auto first = p.apply(as_asked(1, deciding(1, doing({add_in("n", 1)}))));
  const auto again = p.apply(as_asked(1, deciding(1, doing({add_in("n", 1)}))));
  CHECK(again.repeated);
  CHECK(again.version == first.version);
  // Also when the client has acknowledged the answer, and home remembers the end alone.
  p.apply(write(7, 5, put_of("x", ""), 5));
  CHECK(p.apply(write(7, 1, deciding(1, doing({add_in("n", 1)})), 5)).code != error_code::ok);
  CHECK(at(p, "n") == storage::encode_typed(storage::integer_value{1}));
}

TEST_CASE("what home refuses is decided by that: it can't be committed by another try (P6, P7)") {
  applied_partition p;
  p.apply(put_of("a", "1"));
  const auto stale = having_seen(doing({put_in("b", "1")}), "a", {});
  CHECK(p.apply(as_asked(1, deciding(1, stale))).code == error_code::transaction_conflict);
  p.apply(remove_of("a"));
  CHECK(p.apply(as_asked(1, deciding(1, stale))).code == error_code::transaction_conflict);
  CHECK(p.apply(pushing(1)).otherwise);
  CHECK(p.get("b").code == error_code::not_found);
}

TEST_CASE("past its deadline a transaction neither prepares nor is decided (P9)") {
  applied_partition p;
  pass_deadline(p);
  const auto prepared = p.apply(preparing(1, doing({put_in("a", "1")})));
  CHECK(prepared.code == error_code::transaction_conflict);
  CHECK_FALSE(prepared.holder);
  CHECK(p.apply(as_asked(2, deciding(2, doing({put_in("a", "1")})))).code
        == error_code::transaction_conflict);
  CHECK(p.get("a").code == error_code::not_found);
  CHECK(p.machine().transactions().locks().is_empty());
}

TEST_CASE("ends are forgotten past the deadline, at home only when all others have it (P9)") {
  applied_partition p;
  const prepared_part other{{things, "elsewhere"}, at_ms(0)};
  p.apply(as_asked(1, deciding(1, doing({put_in("a", "1")}), {other})));
  p.apply(as_asked(2, deciding(2, doing({put_in("b", "1")}))));
  CHECK(p.machine().transactions().undriven().size() == 1);
  pass_deadline(p);
  p.apply(put_of("x", ""));
  CHECK(p.machine().transactions().ended(terms(1).id));
  CHECK_FALSE(p.machine().transactions().ended(terms(2).id));
  CHECK_FALSE(p.apply(pushing(1)).otherwise); // its locks may still stand elsewhere
  p.apply(forget{terms(1).id, other.where});
  p.apply(put_of("x", ""));
  CHECK_FALSE(p.machine().transactions().ended(terms(1).id));
}

TEST_CASE("while its client may ask, home says how a transaction ended, forgotten or not (P6)") {
  applied_partition p;
  auto asked = as_asked(1, deciding(1, doing({put_in("a", "1")})));
  const auto done = p.apply(asked);
  pass_deadline(p);
  p.apply(put_of("x", ""));
  CHECK_FALSE(p.machine().transactions().ended(terms(1).id));
  const auto pushed = p.apply(pushing(1));
  CHECK_FALSE(pushed.otherwise);
  CHECK(pushed.version == done.version);
}

TEST_CASE("a push is an end that stays: what it aborted can't prepare or be decided (P8)") {
  applied_partition p;
  CHECK(p.apply(pushing(1)).otherwise);
  CHECK(p.machine().transactions().ended(terms(1).id));
  CHECK(p.apply(preparing(1, doing({put_in("a", "1")}))).code
        == error_code::transaction_conflict);
}

TEST_CASE("what can't be done fails when it prepares, and locks nothing (P10)") {
  applied_partition p;
  p.apply(put_of("text", "plain"));
  CHECK(p.apply(preparing(1, doing({put_in("a", "1"), add_in("text", 1)}))).code
        == error_code::invalid);
  CHECK(p.apply(preparing(2, having_seen(doing({put_in("a", "1")}), "text", {}))).code
        == error_code::transaction_conflict);
  CHECK(p.machine().transactions().locks().is_empty());
  CHECK(p.apply(put_of("a", "1")).code == error_code::ok);
}

TEST_CASE("plain operations that meet a lock are told whose it is (P11)") {
  applied_partition p;
  const auto seen = p.apply(put_of("seen", "1")).version;
  auto part = having_seen(doing({put_in("written", "1")}), "seen", seen);
  part.seen.push_back({things, "absent", {}});
  part.ranges = {{things, "r", "s", {}}};
  p.apply(preparing(1, part));
  // Who writes is kept from all of it, who reads from what is written.
  for (const auto* key : {"seen", "absent", "written", "rx"}) {
    CHECK(is_locked(p.apply(put_of(key, "2")), 1));
    CHECK(is_locked(p.apply(doing({put_in(key, "2")})), 1));
  }
  CHECK(is_locked(p.apply(remove_of("seen")), 1));
  CHECK(is_locked(p.get("written"), 1));
  CHECK(is_locked(p.machine().read(scan{things, "a", "", 0, false, false}), 1));
  CHECK(is_locked(p.machine().read(having_seen(doing({}), "written", {})), 1));
  CHECK(p.get("seen").code == error_code::ok);
  CHECK(p.machine().read(scan{things, "r", "s", 0, false, false}).code == error_code::ok);
  CHECK(p.machine().read(get{things, "written", true}).code == error_code::not_found);
  CHECK(p.apply(put_of("other", "1")).code == error_code::ok);
}

TEST_CASE("what a lock refused isn't remembered: the same operation goes on later (P11)") {
  applied_partition p;
  p.apply(preparing(1, doing({put_in("a", "1")})));
  const auto later = write(9, 1, put_of("a", "2"));
  CHECK(is_locked(p.apply(later), 1));
  p.apply(resolving(1, false, {}));
  const auto done = p.apply(later);
  CHECK(done.code == error_code::ok);
  CHECK_FALSE(done.repeated);
}

TEST_CASE("two that want the same meet at the lock; readers share (P11, P13)") {
  applied_partition p;
  const auto seen = p.apply(put_of("k", "1")).version;
  CHECK(p.apply(preparing(1, having_seen(doing({}), "k", seen))).code == error_code::ok);
  CHECK(p.apply(preparing(2, having_seen(doing({}), "k", seen))).code == error_code::ok);
  CHECK(is_locked(p.apply(preparing(3, doing({put_in("k", "2")}))), 1));
  CHECK(is_locked(p.apply(as_asked(4, deciding(4, doing({put_in("k", "2")})))), 1));
  p.apply(resolving(1, true, p.last_stamp()));
  p.apply(resolving(2, true, p.last_stamp()));
  CHECK(p.apply(preparing(3, doing({put_in("k", "2")}))).code == error_code::ok);
}

TEST_CASE("a decision is stamped above all that prepared (P22)") {
  applied_partition p;
  const auto ahead = hlc_stamp::of(p.now_ms + 5, 0);
  const auto what = deciding(1, doing({put_in("a", "1")}), {{{things, "z"}, ahead}});
  const auto early = p.apply(as_asked(1, what));
  CHECK(early.code == error_code::clock_skew);
  CHECK(early.known == outcome::not_applied);
  p.now_ms += 5;
  CHECK(p.apply(as_asked(1, what)).version > ahead);
}

TEST_CASE("an entry that resolves is stamped above the decision: versions of a key rise (P2)") {
  applied_partition p;
  p.apply(preparing(1, doing({put_in("a", "1")})));
  const auto decided = hlc_stamp::of(p.now_ms + 5, 0);
  CHECK(is_locked(p.apply(resolving(1, true, decided)), 1)); // stands, and is asked again
  p.now_ms += 5;
  CHECK(p.apply(resolving(1, true, decided)).code == error_code::ok);
  CHECK(p.apply(put_of("a", "2")).version > decided);
}

TEST_CASE("each step between partitions is the same done twice as once") {
  applied_partition p;
  const auto part = doing({add_in("n", 1)});
  const auto first = p.apply(preparing(1, part));
  const auto again = p.apply(preparing(1, part));
  CHECK(again.version == first.version);
  CHECK(storage::same_results(again.steps, first.steps));
  const auto decided = p.last_stamp();
  p.apply(resolving(1, true, decided));
  p.apply(resolving(1, true, decided));
  CHECK(at(p, "n") == storage::encode_typed(storage::integer_value{1}));
  CHECK(p.apply(forget{{{1}, {1}}, {things, "k"}}).code == error_code::ok);
}

TEST_CASE("an aftermath is each of its steps, and refused if one of them is (P8)") {
  applied_partition p;
  const auto far = hlc_stamp::of(p.now_ms + 50, 0);
  for (const std::uint64_t n : {1, 2, 3})
    p.apply(preparing(n, doing({put_in("k" + std::to_string(n), "1")})));
  p.apply(as_asked(4, deciding(4, doing({}), {{{things, "z"}, at_ms(0)}})));
  aftermath all;
  all.resolved = {resolving(1, true, p.last_stamp()), resolving(2, false, {}),
                  resolving(3, true, far)};
  all.known = {{terms(4).id, {things, "z"}}};
  CHECK(is_locked(p.apply(all), 3)); // by the one that a later entry has to resolve
  CHECK(p.get("k1").code == error_code::ok);
  CHECK(p.get("k2").code == error_code::not_found);
  CHECK(is_locked(p.get("k3"), 3));
  CHECK_FALSE(p.machine().transactions().has_undriven());
  p.now_ms += 100;
  CHECK(p.apply(all).code == error_code::ok);
  CHECK(p.get("k3").version == far);
  CHECK(p.get("k1").version < far);
}

TEST_CASE("what is resolved is not written to keys that have gone to another partition") {
  applied_partition p;
  p.apply(preparing(1, doing({put_in("a", "1"), put_in("z", "1")})));
  const auto decided = p.last_stamp();
  p.machine().apply(batch_at(hlc_stamp::of(++p.now_ms, 0), {},
                             adopt_share{{2}, {{things, "", "m"}}}));
  p.apply(resolving(1, true, decided));
  CHECK(p.get("a").code == error_code::ok);
  p.machine().apply(batch_at(hlc_stamp::of(++p.now_ms, 0), {},
                             adopt_share{{3}, {{things, "", ""}}}));
  CHECK(p.get("z").code == error_code::not_found);
}

TEST_CASE("what comes and goes between two checkpoints is never stored, and what goes later is gone") {
  applied_partition p;
  p.apply(preparing(1, doing({put_in("a", "1")})));
  p.apply(resolving(1, true, p.last_stamp()));
  p.apply(preparing(2, doing({put_in("b", "1")})));
  p.restart();
  CHECK(p.stored(storage::record_kind::prepared) == 1);
  CHECK(p.stored(storage::record_kind::decision) == 1);
  CHECK(p.machine().transactions().locks().size() == 1);
  p.apply(resolving(2, true, p.last_stamp()));
  p.restart();
  CHECK(p.stored(storage::record_kind::prepared) == 0);
  CHECK(p.stored(storage::record_kind::decision) == 2);
  CHECK(at(p, "b") == "1");
  CHECK(p.machine().transactions().ended(terms(1).id));
  pass_deadline(p);
  p.apply(put{things, "c", nullptr, always{}});
  p.restart();
  CHECK(p.stored(storage::record_kind::decision) == 0);
}

namespace {

/// Of a transaction whose comparisons are judged in several partitions.
prepare comparing(std::uint64_t number, transact part) {
  return {terms(number), std::move(part), true};
}

transact either(comparison what, std::vector<step> then, std::vector<step> otherwise) {
  auto part = doing(std::move(then));
  part.compare = {std::move(what)};
  part.otherwise = std::move(otherwise);
  return part;
}

comparison is_absent(std::string key) {
  return {things, std::move(key), relation::equal, hlc_stamp{}};
}

resolve taking(std::uint64_t number, bool otherwise, hlc_stamp stamp) {
  auto what = resolving(number, true, stamp);
  what.otherwise = otherwise;
  return what;
}

} // namespace

TEST_CASE("what compares prepares both branches, and takes the one that home says, whatever held here (P7)") {
  applied_partition p;
  const auto given = p.apply(
    comparing(1, either(is_absent("k"), {put_in("a", "then")}, {put_in("b", "else"), get_in("b")})));
  REQUIRE(given.code == error_code::ok);
  CHECK_FALSE(given.otherwise);
  REQUIRE(given.branch);
  CHECK_FALSE(given.branch->is_certain);
  CHECK(given.branch->writes.empty());
  REQUIRE(given.branch->steps);
  CHECK(*(*given.branch->steps)[1].value == "else");
  // Either may be written: both are locked.
  CHECK(is_locked(p.apply(put_of("a", "mine")), 1));
  CHECK(is_locked(p.apply(put_of("b", "mine")), 1));
  const bool otherwise = true;
  SUBCASE("the first") {
    p.apply(taking(1, !otherwise, p.last_stamp()));
    CHECK(at(p, "a") == "then");
    CHECK(at(p, "b") == "(absent)");
  }
  SUBCASE("the second, also after a restart") {
    p.restart();
    p.apply(taking(1, otherwise, p.last_stamp()));
    CHECK(at(p, "a") == "(absent)");
    CHECK(at(p, "b") == "else");
  }
  SUBCASE("neither") {
    p.apply(resolving(1, false, {}));
    CHECK(at(p, "a") == "(absent)");
    CHECK(at(p, "b") == "(absent)");
  }
  CHECK(p.machine().transactions().locks().is_empty());
  CHECK(p.apply(put_of("a", "mine")).code == error_code::ok);
  CHECK(p.apply(put_of("b", "mine")).code == error_code::ok);
}

TEST_CASE("what is compared stays as it was until home has decided, here and there (P7)") {
  applied_partition p;
  transact compares;
  compares.compare = {is_absent("k")};
  SUBCASE("the comparison holds") { CHECK_FALSE(p.apply(comparing(1, compares)).otherwise); }
  SUBCASE("it fails") {
    p.apply(put_of("k", "there"));
    const auto given = p.apply(comparing(1, compares));
    CHECK(given.otherwise);
    CHECK(given.branch->is_certain);
  }
  // Unless that is locked, another makes it the other way and looks at what this one has
  // yet to write: each is before the other.
  CHECK(is_locked(p.apply(put_of("k", "late")), 1));
  CHECK(p.apply(preparing(2, doing({get_in("k")}))).code == error_code::ok);
  p.apply(taking(1, false, p.last_stamp()));
  p.apply(resolving(2, true, p.last_stamp()));
  CHECK(p.apply(put_of("k", "late")).code == error_code::ok);
}

TEST_CASE("a step that can't be done matters only in the branch that is taken (P10)") {
  applied_partition p;
  p.apply(put_of("text", "no number"));
  SUBCASE("at another: home hears of it, and refuses that branch alone") {
    const auto given
      = p.apply(comparing(1, either(is_absent("k"), {put_in("a", "1")}, {add_in("text", 1)})));
    REQUIRE(given.code == error_code::ok);
    CHECK(given.branch->of_first.code == error_code::ok);
    CHECK(given.branch->of_this.code == error_code::invalid);
    auto asked = deciding(3, doing({put_in("h", "1")}));
    asked.otherwise.problem = given.branch->of_this;
    SUBCASE("not taken") { CHECK(p.apply(as_asked(3, asked)).code == error_code::ok); }
    SUBCASE("taken") {
      asked.fails = true;
      const auto refused = p.apply(as_asked(3, asked));
      CHECK(refused.code == error_code::invalid);
      CHECK(refused.message == given.branch->of_this.message);
      CHECK(p.apply(pushing(3)).otherwise);
    }
  }
  SUBCASE("one that is certain not to be taken isn't looked at") {
    const auto given
      = p.apply(comparing(1, either(is_absent("text"), {add_in("text", 1)}, {put_in("a", "1")})));
    REQUIRE(given.code == error_code::ok);
    CHECK(given.branch->of_first.code == error_code::ok);
  }
}

TEST_CASE("home takes the second branch if a comparison fails anywhere, and says so ever after (P6)") {
  applied_partition p;
  auto asked = deciding(1, either(is_absent("k"), {put_in("h", "then")}, {put_in("h", "else")}),
                        {{{things, "z"}, {}}});
  std::string wanted = "else";
  SUBCASE("elsewhere") { asked.fails = true; }
  SUBCASE("here") { p.apply(put_of("k", "there")); }
  SUBCASE("or the first") { wanted = "then"; }
  const bool otherwise = wanted == "else";
  const auto given = p.apply(as_asked(1, asked));
  REQUIRE(given.code == error_code::ok);
  CHECK(given.otherwise == otherwise);
  CHECK(at(p, "h") == wanted);
  p.restart();
  CHECK(p.apply(as_asked(1, asked)).otherwise == otherwise);
  CHECK(p.machine().answer_before(as_asked(1, asked))->otherwise == otherwise);
  const auto pushed = p.apply(pushing(1));
  CHECK_FALSE(pushed.otherwise);
  CHECK(pushed.took_otherwise == otherwise);
  REQUIRE(p.machine().transactions().undriven().size() == 1);
  CHECK(p.machine().transactions().undriven().front().otherwise == otherwise);
}

TEST_CASE("entries that programs before would apply otherwise say that they aren't for them (P1)") {
  const auto needed = [](auto what) {
    return version_needed(batch_at(at_ms(1), {write(1, 1, std::move(what))}));
  };
  transact compares;
  compares.compare = {is_absent("k")};
  CHECK(needed(comparing(1, doing({put_in("a", "1")}))) == 3);
  CHECK(needed(deciding(1, compares)) == 3);
  CHECK(needed(taking(1, true, {})) == 3);
  auto told = doing({put_in("a", "1")});
  told.found = std::make_shared<const transaction_findings>();
  CHECK(needed(told) == 3);
  CHECK(needed(preparing(1, told)) == 3);
  CHECK(needed(deciding(1, told)) == 3);
  CHECK(needed(preparing(1, doing({put_in("a", "1")}))) == 2);
  CHECK(needed(deciding(1, doing({put_in("a", "1")}))) == 2);
  CHECK(needed(taking(1, false, {})) == 2);
  CHECK(needed(compares) == 2); // in one partition, as ever
  CHECK(needed(aftermath{{resolving(1, true, {})}, {}}) == 6);
}
