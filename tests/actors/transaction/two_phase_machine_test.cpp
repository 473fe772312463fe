#include "actors/transaction/two_phase_machine.hpp"
#include "tests/actors/partition/locking.hpp"

#include <doctest/doctest.h>

#include <memory>

using namespace present;
using namespace present::transaction;
using namespace present::partition::test;

namespace {

const anchor home{things, "home"};
const anchor left{things, "left"};
const anchor right{things, "right"};

transaction_terms terms(std::uint64_t start = 5) {
  return {{{7}, {1}}, home, {start}, {1'000}};
}

/// One machine; the test plays the partitions and the client.
class coordinator_under_test {
public:
  void hear(event_kind what) {
    effects out;
    machine.step({now, std::move(what)}, out);
    for (auto& each : out) {
      if (auto* asks = std::get_if<ask>(&each))
        asked.push_back(std::move(*asks));
      else if (auto* said = std::get_if<answer_client>(&each))
        told.push_back(std::move(said->what));
      else
        ++ends;
    }
  }
  void begin(std::size_t others = 2, operation asked = write(7, 1, transact{})) {
    begun what;
    what.asked = std::move(asked);
    what.terms = terms();
    what.home_part = doing({put_in("home", "h")});
    what.others = {{left, doing({put_in("left", "l")})}, {right, doing({put_in("right", "r")})}};
    what.others.resize(others);
    hear(what);
  }
  void pass(time_ms ms) {
    now += ms;
    hear(time_passed{});
  }
  /// The oldest that was asked.
  ask take() {
    REQUIRE_FALSE(asked.empty());
    auto first = std::move(asked.front());
    asked.erase(asked.begin());
    return first;
  }
  template <class What>
  ask take_a(const anchor& of) {
    auto first = take();
    CHECK(first.where == of);
    CHECK(std::holds_alternative<What>(first.what.what));
    return first;
  }
  void say(const ask& to, hlc_stamp version) {
    answer given;
    given.version = version;
    hear(answered{to.ticket, given});
  }
  void refuse(const ask& to, error_code code, std::shared_ptr<const lock_holder> holder = {}) {
    answer given;
    given.code = code;
    given.known = traits_of(code).known_outcome;
    given.holder = std::move(holder);
    hear(answered{to.ticket, given});
  }
  void say_pushed(const ask& to, bool is_aborted, hlc_stamp version = {}) {
    answer given;
    given.version = version;
    given.otherwise = is_aborted;
    hear(answered{to.ticket, given});
  }
  void prepare_both() {
    say(take_a<prepare>(left), {10});
    say(take_a<prepare>(right), {12});
  }

  time_ms now = 1;
  two_phase_machine machine{{.seed = 1}};
  std::vector<ask> asked;
  std::vector<answer> told;
  int ends = 0;
};

std::shared_ptr<const lock_holder> held_by(std::uint64_t start) {
  return std::make_shared<const lock_holder>(
    lock_holder{{{{9}, {9}}, home, {start}, {1'000}}});
}

} // namespace

TEST_CASE("home decides when all others have prepared, and they hear of it then (P7)") {
  coordinator_under_test c;
  c.begin();
  c.say(c.take_a<prepare>(left), {10});
  CHECK(c.asked.size() == 1); // the other prepare; nobody has decided anything
  c.say(c.take_a<prepare>(right), {12});
  const auto decides = c.take_a<decide>(home);
  CHECK(decides.what.id == terms().id);
  const auto& what = std::get<decide>(decides.what.what);
  CHECK(what.others == std::vector<prepared_part>{{left, {10}}, {right, {12}}});
  CHECK(c.told.empty());
  c.say(decides, {20});
  REQUIRE(c.told.size() == 1);
  CHECK(c.told[0].code == error_code::ok);
  CHECK(c.told[0].version == hlc_stamp{20});
  const auto resolves = c.take_a<resolve>(left);
  CHECK(std::get<resolve>(resolves.what.what).committed);
  CHECK(std::get<resolve>(resolves.what.what).stamp == hlc_stamp{20});
  c.say(c.take_a<resolve>(right), {20});
  c.say(resolves, {20});
  CHECK(c.ends == 0); // home has to know
  c.say(c.take_a<forget>(home), {21});
  c.say(c.take_a<forget>(home), {22});
  CHECK(c.ends == 1);
  CHECK(c.machine.is_done());
}

TEST_CASE("of one that compares both branches are prepared, and all take the one that home says (P7)") {
  begun what;
  what.asked = write(7, 1, transact{});
  what.terms = terms();
  what.compares = true;
  what.others = {{left, doing({put_in("left", "l")})}, {right, doing({put_in("right", "r")})}};
  coordinator_under_test c;
  c.hear(what);
  const auto first = c.take_a<prepare>(left);
  CHECK(std::get<prepare>(first.what.what).compares);
  answer given;
  given.version = {10};
  given.branch = std::make_shared<const storage::other_branch>();
  c.hear(answered{first.ticket, given});
  storage::other_branch fails;
  fails.is_certain = true;
  given.branch = std::make_shared<const storage::other_branch>(fails);
  c.hear(answered{c.take_a<prepare>(right).ticket, given});
  const auto decides = c.take_a<decide>(home);
  CHECK(std::get<decide>(decides.what.what).fails);
  SUBCASE("its decision") {
    answer decided;
    decided.version = {20};
    decided.otherwise = true;
    c.hear(answered{decides.ticket, decided});
  }
  SUBCASE("or what it says when it is pushed") {
    c.refuse(decides, error_code::invalid); // though it was decided before
    answer pushed;
    pushed.version = {20};
    pushed.took_otherwise = true;
    c.hear(answered{c.take_a<push>(home).ticket, pushed});
  }
  REQUIRE(c.told.size() == 1);
  CHECK(c.told[0].code == error_code::ok);
  CHECK(c.told[0].otherwise);
  for (const auto& other : {left, right}) {
    const auto resolves = c.take_a<resolve>(other);
    CHECK(std::get<resolve>(resolves.what.what).committed);
    CHECK(std::get<resolve>(resolves.what.what).otherwise);
  }
}

TEST_CASE("one that can't prepare ends it, by home's word (P8)") {
  coordinator_under_test c;
  c.begin();
  const auto first = c.take_a<prepare>(left);
  c.take_a<prepare>(right);
  c.refuse(first, error_code::invalid);
  CHECK(c.told.empty());
  c.say_pushed(c.take_a<push>(home), true);
  REQUIRE(c.told.size() == 1);
  CHECK(c.told[0].code == error_code::invalid);
  CHECK(c.told[0].known == outcome::not_applied);
  // Also the one that hasn't answered: its prepare may still be under way.
  c.say(c.take_a<resolve>(left), {});
  const auto other = c.take_a<resolve>(right);
  CHECK_FALSE(std::get<resolve>(other.what.what).committed);
  c.say(other, {});
  CHECK(c.ends == 1);
}

TEST_CASE("one under a lock takes its fence to all, and is over where that is refused (P14)") {
  const auto guarded = under(write(7, 1, transact{}), {9});
  coordinator_under_test c;
  c.begin(2, guarded);
  const auto first = c.take_a<prepare>(left);
  const auto second = c.take_a<prepare>(right);
  for (const auto* asked : {&first, &second}) {
    REQUIRE(asked->what.fence);
    CHECK(*asked->what.fence == *guarded.fence);
  }
  c.say(first, {10});
  SUBCASE("by one that is to prepare") { c.refuse(second, error_code::fenced); }
  SUBCASE("or by home") {
    c.say(second, {12});
    const auto decides = c.take_a<decide>(home);
    REQUIRE(decides.what.fence);
    c.refuse(decides, error_code::fenced);
  }
  CHECK(c.told.empty());
  c.say_pushed(c.take_a<push>(home), true);
  REQUIRE(c.told.size() == 1);
  CHECK(c.told[0].code == error_code::fenced);
  CHECK(c.told[0].known == outcome::not_applied);
  const auto told = c.take_a<resolve>(left);
  CHECK_FALSE(std::get<resolve>(told.what.what).committed);
  CHECK_FALSE(told.what.fence); // whoever it is under, it has to end
}

TEST_CASE("who gives up hears from home that it was committed after all (P7, P8)") {
  coordinator_under_test c;
  c.begin();
  const auto first = c.take_a<prepare>(left);
  c.take_a<prepare>(right);
  c.refuse(first, error_code::transaction_conflict); // it is over there: by another coordinator
  c.say_pushed(c.take_a<push>(home), false, {20});
  REQUIRE(c.told.size() == 1);
  CHECK(c.told[0].code == error_code::ok);
  CHECK(std::get<resolve>(c.take().what.what).committed);
}

TEST_CASE("what takes longer than 10 s to prepare is pushed to its end") {
  coordinator_under_test c;
  c.begin();
  c.take();
  c.take();
  c.pass(9'999);
  CHECK(c.asked.empty());
  c.pass(1);
  c.take_a<push>(home);
  CHECK(c.told.empty());
}

TEST_CASE("the older waits for a lock, the younger dies (P13)") {
  coordinator_under_test c;
  c.begin();
  c.refuse(c.take_a<prepare>(left), error_code::transaction_conflict, held_by(6));
  c.take_a<prepare>(right);
  CHECK(c.asked.empty());
  c.pass(2'000);
  c.refuse(c.take_a<prepare>(left), error_code::transaction_conflict, held_by(4));
  c.say_pushed(c.take_a<push>(home), true);
  REQUIRE(c.told.size() == 1);
  CHECK(c.told[0].code == error_code::transaction_conflict);
  CHECK(c.told[0].known == outcome::not_applied);
}

TEST_CASE("one that has a single other to prepare holds nothing yet, and waits whatever its age (P13)") {
  coordinator_under_test c;
  c.begin(1);
  c.refuse(c.take_a<prepare>(left), error_code::transaction_conflict, held_by(4));
  CHECK(c.asked.empty());
  c.pass(2'000);
  c.say(c.take_a<prepare>(left), {10});
  // Now it holds something.
  c.refuse(c.take_a<decide>(home), error_code::transaction_conflict, held_by(4));
  c.say_pushed(c.take_a<push>(home), true);
  CHECK(c.told.size() == 1);
}

TEST_CASE("it doesn't wait for another attempt of its own name, which nobody ends meanwhile (B6)") {
  coordinator_under_test c;
  c.begin(1);
  auto holder = *held_by(4);
  holder.terms.id = terms().id;
  c.refuse(c.take_a<prepare>(left), error_code::transaction_conflict,
           std::make_shared<const lock_holder>(holder));
  c.say_pushed(c.take_a<push>(home), true);
  CHECK(c.told.size() == 1);
}

TEST_CASE("an attempt at what has a name isn't taken for another that home remembers (P6)") {
  coordinator_under_test c;
  c.begin(2, write(6, 1, transact{})); // its name
  c.prepare_both();
  answer remembered;
  remembered.version = {15};
  remembered.repeated = true;
  c.hear(answered{c.take_a<decide>(home).ticket, remembered});
  CHECK(c.told.empty());
  const auto pushes = c.take_a<push>(home);
  CHECK(std::get<push>(pushes.what.what).transaction == terms().id);
  bool is_own = false;
  SUBCASE("for it was another") { c.say_pushed(pushes, true); }
  SUBCASE("unless it was the own, whose answer got lost") {
    is_own = true;
    c.say_pushed(pushes, false, {15});
  }
  REQUIRE(c.told.size() == 1);
  CHECK(c.told[0].id == operation_id{{6}, {1}});
  CHECK(c.told[0].code == error_code::ok);
  CHECK(c.told[0].version == hlc_stamp{15});
  CHECK(std::get<resolve>(c.take_a<resolve>(left).what.what).committed == is_own);
}

TEST_CASE("that an attempt is over says nothing of others under its name (P4)") {
  coordinator_under_test c;
  c.begin(2, write(6, 1, transact{}));
  c.say(c.take_a<prepare>(left), {10});
  c.refuse(c.take_a<prepare>(right), error_code::transaction_conflict, held_by(1));
  const auto pushes = c.take_a<push>(home);
  SUBCASE("if it was aborted") {
    c.say_pushed(pushes, true);
    REQUIRE(c.told.size() == 1);
    CHECK(c.told[0].code == error_code::transaction_conflict);
  }
  SUBCASE("and where it was committed, home has the answer") {
    c.say_pushed(pushes, false, {15});
    REQUIRE(c.told.size() == 1);
    CHECK(c.told[0].code == error_code::unknown_outcome);
  }
  CHECK(c.told[0].known == outcome::unknown);
}

TEST_CASE("a decision that isn't heard of is asked for again, and the client waits 5 s (P8)") {
  coordinator_under_test c;
  c.begin();
  c.prepare_both();
  c.hear(lost{c.take_a<decide>(home).ticket});
  c.pass(5'000);
  REQUIRE(c.told.size() == 1);
  CHECK(c.told[0].code == error_code::unknown_outcome);
  CHECK(c.told[0].known == outcome::unknown);
  // It is driven on all the same.
  c.say(c.take_a<decide>(home), {20});
  CHECK(c.told.size() == 1);
  CHECK(std::get<resolve>(c.take().what.what).committed);
}

TEST_CASE("what home refuses is home's word, and the others hear it") {
  coordinator_under_test c;
  c.begin();
  c.prepare_both();
  c.refuse(c.take_a<decide>(home), error_code::transaction_conflict);
  c.say_pushed(c.take_a<push>(home), true);
  CHECK(c.told.size() == 1);
  CHECK_FALSE(std::get<resolve>(c.take().what.what).committed);
}

TEST_CASE("what nobody waits for may go with others, but not what has gone in vain") {
  coordinator_under_test c;
  c.begin(1);
  const auto prepares = c.take_a<prepare>(left);
  CHECK_FALSE(prepares.may_join);
  c.say(prepares, {10});
  const auto decides = c.take_a<decide>(home);
  CHECK_FALSE(decides.may_join);
  c.say(decides, {20});
  const auto resolves = c.take_a<resolve>(left);
  CHECK(resolves.may_join);
  c.refuse(resolves, error_code::transaction_conflict, held_by(1)); // a later entry will do
  c.pass(2'000);
  const auto alone = c.take_a<resolve>(left);
  CHECK_FALSE(alone.may_join);
  CHECK(alone.hurry == haste::soon);
  c.say(alone, {20});
  const auto forgets = c.take_a<forget>(home);
  CHECK(forgets.may_join);
  c.hear(lost{forgets.ticket});
  c.pass(2'000);
  CHECK_FALSE(c.take_a<forget>(home).may_join);
}

TEST_CASE("home's next leader drives on what was decided (P9)") {
  coordinator_under_test c;
  storage::decision_record decision{{7}, {1}, true, {20}, {1'000}, {{things, "right"}}, true};
  c.hear(drive{terms(), decision});
  const auto resolves = c.take_a<resolve>(right);
  CHECK(std::get<resolve>(resolves.what.what).otherwise);
  CHECK(std::get<resolve>(resolves.what.what).stamp == hlc_stamp{20});
  c.hear(lost{resolves.ticket});
  c.pass(2'000);
  c.say(c.take_a<resolve>(right), {20});
  c.say(c.take_a<forget>(home), {21});
  CHECK(c.ends == 1);
  CHECK(c.told.empty());
}

TEST_CASE("a lock past its deadline is resolved by home's word, whichever it is (P8)") {
  for (const bool is_aborted : {true, false}) {
    coordinator_under_test c;
    c.hear(doubt{terms(), left});
    c.say_pushed(c.take_a<push>(home), is_aborted, {20});
    const auto resolves = c.take_a<resolve>(left);
    CHECK(std::get<resolve>(resolves.what.what).committed == !is_aborted);
    CHECK(c.told.empty());
  }
}

TEST_CASE("what is busy or led elsewhere is asked again after a pause that grows") {
  coordinator_under_test c;
  c.begin();
  auto first = c.take_a<prepare>(left);
  c.take_a<prepare>(right);
  for (int n = 0; n < 5; ++n) {
    c.refuse(first, n % 2 ? error_code::overloaded : error_code::not_leader);
    CHECK(c.asked.empty());
    REQUIRE(c.machine.next_wake());
    c.pass(*c.machine.next_wake() - c.now);
    first = c.take_a<prepare>(left);
  }
  c.say(first, {10});
  CHECK(c.asked.empty());
}
