#include "actors/client/lock_machine.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <optional>
#include <string>

using namespace present;
using namespace present::client;

namespace {

constexpr hlc_stamp token{77};

outcome_of_call ok(hlc_stamp version, bool waits = false) {
  outcome_of_call how;
  how.given.version = version;
  how.given.otherwise = waits;
  return how;
}
outcome_of_call waits() {
  return ok({}, true);
}
outcome_of_call failed(error_code code, outcome known = outcome::not_applied) {
  outcome_of_call how;
  how.problem = make_error(code, "as the test wants it");
  how.problem.known = known;
  return how;
}

/// A wish; the test plays the partition.
class wish_under_test {
public:
  explicit wish_under_test(std::uint32_t patience_ms = 10'000, std::vector<guarded_key> guards = {})
      : machine({"s", "lock", {5}, 900, patience_ms, "me", nullptr, std::move(guards)}) {
    hear(wish_begins{});
  }

  void hear(lock_event_kind what) {
    lock_effects out;
    machine.step({now, std::move(what)}, out);
    for (auto& effect : out)
      std::visit([this](auto& e) { note(e); }, effect);
  }
  /// The oldest question is of this kind, and is answered like this.
  template <class Call>
  void answer(outcome_of_call how) {
    REQUIRE(!asked.empty());
    const auto first = asked.front();
    REQUIRE(std::holds_alternative<Call>(first.what));
    asked.pop_front();
    hear(call_ended{first.number, std::move(how)});
  }
  void pass(time_ms ms) {
    now += ms;
    hear(lock_time_passed{});
  }
  template <class Call>
  bool asks() const {
    return !asked.empty() && std::holds_alternative<Call>(asked.front().what);
  }

  time_ms now = 1'000;
  lock_machine machine;
  std::deque<ask_call> asked;
  std::optional<hlc_stamp> granted;
  std::optional<error> refused;
  std::optional<error> lost;
  bool ended = false;

private:
  void note(ask_call& what) { asked.push_back(std::move(what)); }
  void note(const lock_granted& what) { granted = what.token; }
  void note(const lock_refused& what) { refused = what.why; }
  void note(const lock_lost& what) { lost = what.why; }
  void note(const lock_ended&) { ended = true; }
};

} // namespace

TEST_CASE("a free lock is held at once and kept alive every third of its lease") {
  wish_under_test wish;
  wish.answer<acquire_call>(ok(token));
  CHECK(wish.granted == token);
  CHECK(wish.asked.empty());
  wish.pass(299);
  CHECK(wish.asked.empty());
  wish.pass(1);
  wish.answer<keep_call>(ok(token));
  CHECK(*wish.machine.next_wake() == wish.now + 300);
}

TEST_CASE("a lease counts from when it was asked for, not from when the answer came (H1)") {
  wish_under_test wish;
  wish.now += 500;
  wish.answer<acquire_call>(ok(token));
  CHECK(wish.granted);
  wish.pass(0);
  CHECK(wish.asks<keep_call>());
  CHECK(wish.asked.front().deadline_ms == 400);
  wish.pass(399);
  CHECK_FALSE(wish.lost);
  wish.pass(1);
  REQUIRE(wish.lost);
  CHECK(wish.lost->code == error_code::fenced);
  wish.answer<keep_call>(ok(token)); // comes too late
  CHECK_FALSE(wish.machine.is_holding());
}

TEST_CASE("what was granted for a lease that is over is asked for again before it counts") {
  wish_under_test wish;
  wish.now += 900;
  wish.answer<acquire_call>(ok(token));
  CHECK_FALSE(wish.granted);
  wish.answer<keep_call>(ok(token));
  CHECK(wish.granted == token);
}

TEST_CASE("who wakes up after its lease knows at once that it is lost") {
  wish_under_test wish;
  wish.answer<acquire_call>(ok(token));
  wish.pass(60'000);
  REQUIRE(wish.lost);
  CHECK_FALSE(wish.asks<keep_call>());
}

TEST_CASE("who has to wait asks for a third of its lease at a time") {
  wish_under_test wish;
  wish.answer<acquire_call>(waits());
  REQUIRE(wish.asks<keep_call>());
  CHECK(std::get<keep_call>(wish.asked.front().what).wait_ms == 300);
  wish.now += 300;
  wish.answer<keep_call>(waits());
  wish.now += 10;
  wish.answer<keep_call>(ok(token));
  CHECK(wish.granted == token);
}

TEST_CASE("when patience is over the claim is taken out of the queue (H3)") {
  wish_under_test wish{400};
  wish.answer<acquire_call>(waits());
  wish.now += 300;
  wish.answer<keep_call>(waits());
  CHECK(std::get<keep_call>(wish.asked.front().what).wait_ms == 100);
  wish.now += 100;
  wish.answer<keep_call>(waits());
  REQUIRE(wish.refused);
  CHECK(wish.refused->message == "the lock 'lock' was not free within 400 ms");
  CHECK(wish.refused->known == outcome::not_applied);
  CHECK(wish.machine.is_releasing());
  wish.answer<release_call>(ok({}));
  CHECK_FALSE(wish.machine.is_releasing());
}

TEST_CASE("without patience a lock that is held is refused, and nothing is left of the wish") {
  wish_under_test wish{0};
  CHECK_FALSE(std::get<acquire_call>(wish.asked.front().what).wait);
  wish.answer<acquire_call>(failed(error_code::version_conflict));
  REQUIRE(wish.refused);
  CHECK(wish.asked.empty());
}

TEST_CASE("a place in the queue that was lost is taken anew, with the same claim") {
  wish_under_test wish;
  wish.answer<acquire_call>(waits());
  wish.answer<keep_call>(failed(error_code::fenced));
  REQUIRE(wish.asks<acquire_call>());
  CHECK(std::get<acquire_call>(wish.asked.front().what).claim == claim_id{5});
}

TEST_CASE("trouble on the way is asked again while there is patience") {
  wish_under_test wish{5'000};
  wish.answer<acquire_call>(failed(error_code::no_quorum));
  CHECK_FALSE(wish.refused);
  CHECK(wish.asked.empty());
  wish.pass(50);
  wish.answer<acquire_call>(waits());
  wish.answer<keep_call>(failed(error_code::deadline, outcome::unknown));
  wish.pass(50);
  CHECK(wish.asks<keep_call>());
  wish.now += 5'000;
  wish.answer<keep_call>(failed(error_code::no_quorum));
  CHECK(wish.refused);
  CHECK(wish.asks<release_call>());
}

TEST_CASE("a keep-alive that fails is tried again until the lease is over") {
  wish_under_test wish;
  wish.answer<acquire_call>(ok(token));
  wish.pass(300);
  wish.answer<keep_call>(failed(error_code::no_quorum));
  CHECK_FALSE(wish.lost);
  wish.pass(50);
  wish.answer<keep_call>(ok(token));
  CHECK(*wish.machine.next_wake() == wish.now + 300);
  wish.pass(300);
  wish.answer<keep_call>(failed(error_code::fenced));
  REQUIRE(wish.lost);
  CHECK(wish.asked.empty()); // the claim is no more
}

TEST_CASE("a lock that was granted anew to this claim is another grant") {
  wish_under_test wish;
  wish.answer<acquire_call>(ok(token));
  wish.pass(300);
  wish.answer<keep_call>(ok({78}));
  CHECK(wish.lost);
}

TEST_CASE("it is held when every guarded partition knows the token, and kept alive meanwhile (H2)") {
  wish_under_test wish{1'000, {{"a", "k"}, {"b", "l"}}};
  wish.answer<acquire_call>(ok(token));
  CHECK_FALSE(wish.granted);
  REQUIRE(wish.asked.size() == 2);
  const auto& raise = std::get<raise_call>(wish.asked.front().what);
  CHECK(raise.space == "a");
  CHECK(raise.fence->token == token);
  wish.pass(300);
  wish.answer<raise_call>(ok({80}));
  CHECK_FALSE(wish.granted);
  wish.answer<raise_call>(ok({81}));
  CHECK(wish.granted == token);
  CHECK(wish.asks<keep_call>());
}

TEST_CASE("a fence that can't be raised gives the lock back") {
  wish_under_test wish{1'000, {{"a", "k"}}};
  wish.answer<acquire_call>(ok(token));
  wish.answer<raise_call>(failed(error_code::fenced));
  CHECK(wish.refused);
  CHECK_FALSE(wish.granted);
  CHECK(wish.asks<release_call>());
}

TEST_CASE("letting go releases, also what was still asked for") {
  wish_under_test held;
  held.answer<acquire_call>(ok(token));
  held.hear(let_go{});
  held.answer<release_call>(ok({90}));
  CHECK(held.ended);
  wish_under_test asking;
  asking.hear(let_go{});
  asking.answer<acquire_call>(waits());
  CHECK_FALSE(asking.granted);
  asking.answer<release_call>(failed(error_code::no_quorum));
  CHECK(asking.ended);
}
