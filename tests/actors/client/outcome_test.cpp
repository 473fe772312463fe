#include "tests/actors/client/client_under_test.hpp"

using namespace present;
using namespace present::client;
using namespace present::client::test;

namespace {

/// Refuses each try as the node does, until the call ends.
void refuse_all(client_under_test& client, call_id id, error_code code) {
  while (client.is_open(id)) {
    while (!client.sent.empty())
      client.fail(client.take(), code);
    if (client.is_open(id))
      client.wake();
  }
}

} // namespace

TEST_CASE("a retry carries the operation id of the first try (I2)") {
  client_under_test client;
  client.give_map();
  client.put();
  const auto first = client.take();
  client.hear(attempt_lost{first.attempt});
  const auto second = client.take();
  CHECK(second.what.id == first.what.id);
  CHECK(second.what.retry_until == first.what.retry_until);
  CHECK(second.attempt != first.attempt);
  client.fail(second, error_code::overloaded);
  client.wake();
  CHECK(client.take().what.id == first.what.id);
}

TEST_CASE("a retryable refusal is tried three times more, then said") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  refuse_all(client, id, error_code::overloaded);
  CHECK(client.outcome_of(id).attempts == 4);
  CHECK(client.outcome_of(id).problem.code == error_code::overloaded);
  CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
}

TEST_CASE("backoff doubles within its jitter and waits for the node's hint") {
  std::vector<time_ms> longest(3, 0);
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    client_under_test client{{.id = {7}, .seed = seed}};
    client.give_map();
    client.put();
    for (auto& pause : longest) {
      client.fail(client.take(), error_code::overloaded, {1}, 100);
      const auto waited = client.wake();
      CHECK(waited > 100);
      pause = std::max(pause, waited - 100);
    }
  }
  for (std::size_t retry = 0; retry < 3; ++retry) {
    CHECK(longest[retry] <= (10U << retry));
    CHECK(longest[retry] > (10U << retry) * 8 / 10);
  }
}

TEST_CASE("the jitter is the seed's") {
  const auto pauses = [](std::uint64_t seed) {
    client_under_test client{{.id = {7}, .seed = seed, .max_retries = 10}};
    client.give_map();
    client.put();
    std::vector<time_ms> waited;
    for (int n = 0; n < 8; ++n) {
      client.fail(client.take(), error_code::overloaded, {1});
      waited.push_back(client.wake());
    }
    return waited;
  };
  CHECK(pauses(1) == pauses(1));
  CHECK(pauses(1) != pauses(2));
}

TEST_CASE("what can't succeed by being asked again is said at once") {
  for (const auto code : {error_code::version_conflict, error_code::not_found,
                          error_code::invalid, error_code::too_large, error_code::denied}) {
    client_under_test client;
    client.give_map();
    const auto id = client.put();
    client.refuse(client.take(), code);
    CHECK(client.outcome_of(id).problem.code == code);
    CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
    CHECK(client.outcome_of(id).attempts == 1);
  }
}

TEST_CASE("a try that was lost, then a refusal at the door: unknown (P5)") {
  for (const auto code : {error_code::overloaded, error_code::denied, error_code::no_quorum}) {
    client_under_test client;
    client.give_map();
    const auto id = client.put();
    client.hear(attempt_lost{client.take().attempt});
    refuse_all(client, id, code);
    CHECK(client.outcome_of(id).problem.code == error_code::unknown_outcome);
    CHECK(client.outcome_of(id).problem.known == outcome::unknown);
  }
}

TEST_CASE("a try that was lost, then the state machine's verdict: known (I3)") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  client.hear(attempt_lost{client.take().attempt});
  SUBCASE("applied") {
    client.succeed(client.take());
    CHECK(client.outcome_of(id).problem.code == error_code::ok);
  }
  SUBCASE("refused") {
    client.refuse(client.take(), error_code::version_conflict);
    CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
  }
  SUBCASE("no room to remember it is no verdict") {
    for (int n = 0; n < 4; ++n) {
      client.refuse(client.take(), error_code::overloaded);
      if (client.is_open(id))
        client.wake();
    }
    CHECK(client.outcome_of(id).problem.known == outcome::unknown);
  }
}

TEST_CASE("a try that was never sent leaves nothing in doubt") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  client.hear(attempt_lost{client.take().attempt, true});
  refuse_all(client, id, error_code::overloaded);
  CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
}

TEST_CASE("a lost read is never in doubt") {
  client_under_test client;
  client.give_map();
  const auto id = client.get();
  client.hear(attempt_lost{client.take().attempt});
  refuse_all(client, id, error_code::overloaded);
  CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
}

TEST_CASE("a node that can't tell is asked until it can (P4)") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  client.fail(client.take(), error_code::unknown_outcome);
  for (int n = 0; n < 5; ++n) {
    if (client.sent.empty())
      client.wake();
    client.refuse(client.take(), error_code::deadline);
  }
  client.wake();
  client.succeed(client.take());
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
}

TEST_CASE("a call ends at its deadline, and says what is known (I1, I3)") {
  client_under_test client;
  SUBCASE("no map: nothing was sent") {
    const auto id = client.put("k", 100);
    client.pass(100);
    CHECK(client.outcome_of(id).problem.code == error_code::deadline);
    CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
  }
  SUBCASE("under way") {
    client.give_map();
    const auto id = client.put("k", 100);
    const auto attempt = client.take();
    client.pass(99);
    REQUIRE(client.is_open(id));
    client.pass(1);
    CHECK(client.outcome_of(id).problem.known == outcome::unknown);
    client.succeed(attempt); // comes too late
  }
  SUBCASE("a read under way") {
    client.give_map();
    const auto id = client.get("k", 100);
    client.pass(100);
    CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
  }
  SUBCASE("between tries that were all refused") {
    client.give_map();
    const auto id = client.put("k", 100);
    client.fail(client.take(), error_code::overloaded, {}, 500);
    client.pass(100);
    CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
    CHECK(client.outcome_of(id).problem.message.find("said the node") != std::string::npos);
  }
  SUBCASE("between tries, one of them lost") {
    client.give_map();
    const auto id = client.put("k", 100);
    client.hear(attempt_lost{client.take().attempt});
    client.fail(client.take(), error_code::overloaded, {}, 500);
    client.pass(100);
    CHECK(client.outcome_of(id).problem.known == outcome::unknown);
  }
  CHECK(client.machine.open_calls() == 0);
  client.pass(10'000);
  CHECK_FALSE(client.machine.next_wake());
}

TEST_CASE("a try is told how long its caller still waits") {
  client_under_test client;
  client.give_map();
  client.put("k", 500);
  const auto first = client.take();
  CHECK(first.deadline_ms == 500);
  client.fail(first, error_code::overloaded, {}, 200);
  const auto waited = client.wake();
  CHECK(client.take().deadline_ms == 500 - waited);
}

TEST_CASE("acked_below is the lowest number without an answer (I4)") {
  client_under_test client;
  client.give_map();
  client.put();
  client.put();
  client.put();
  const auto one = client.take();
  const auto two = client.take();
  const auto three = client.take();
  CHECK(three.what.acked_below == one.what.id.number);
  client.succeed(two);
  client.get();
  CHECK(client.take().what.acked_below == one.what.id.number);
  client.succeed(one);
  client.put();
  CHECK(client.take().what.acked_below == three.what.id.number);
  client.hear(attempt_lost{three.attempt});
  CHECK(client.take().what.acked_below == three.what.id.number);
}

TEST_CASE("a call that was given up needs its answer no more (I4)") {
  client_under_test client;
  client.give_map();
  client.put("k", 100);
  const auto lost = client.take();
  client.pass(100);
  client.put();
  CHECK(client.take().what.acked_below > lost.what.id.number);
}

TEST_CASE("retry_until is the deadline and some grace, by the later of two clocks") {
  client_under_test client;
  client.give_map();
  client.put("k", 1'000);
  auto attempt = client.take();
  CHECK(attempt.what.retry_until.wall_ms() == client.wall_ms + 3'000);
  client.succeed(attempt, hlc_stamp::of(client.wall_ms + 500, 0));
  CHECK(client.machine.seen() == hlc_stamp::of(client.wall_ms + 500, 0));
  client.put("k", 1'000);
  attempt = client.take();
  CHECK(attempt.what.retry_until.wall_ms() == client.wall_ms + 3'500);
  CHECK(attempt.seen == client.machine.seen());
  client.put("k", 24 * 3600 * 1000);
  CHECK(client.take().what.retry_until.wall_ms()
        == client.wall_ms + 500 + max_retry_window_ms - 60'000);
}

TEST_CASE("a clock that is behind costs a try, not the call") {
  client_under_test client;
  client.give_map();
  const auto id = client.put("k", 1'000);
  const auto first = client.take();
  const auto ahead = hlc_stamp::of(client.wall_ms + 3'600'000, 0);
  client.refuse(first, error_code::session_expired, ahead);
  REQUIRE(client.is_open(id));
  client.wake();
  const auto second = client.take();
  CHECK(second.what.id.number > first.what.id.number);
  CHECK(second.what.retry_until > ahead);
  client.succeed(second);
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
}

TEST_CASE("expired after a try that was lost stays unknown") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  client.hear(attempt_lost{client.take().attempt});
  client.refuse(client.take(), error_code::session_expired);
  CHECK(client.outcome_of(id).problem.code == error_code::session_expired);
  CHECK(client.outcome_of(id).problem.known == outcome::unknown);
}

TEST_CASE("open calls are bounded (I6)") {
  client_under_test client{{.id = {7}, .max_open_calls = 2}};
  client.give_map();
  const auto first = client.put();
  client.put();
  const auto third = client.put();
  CHECK(client.outcome_of(third).problem.code == error_code::overloaded);
  CHECK(client.outcome_of(third).problem.known == outcome::not_applied);
  client.succeed(client.take());
  CHECK_FALSE(client.is_open(first));
  CHECK(client.is_open(client.put()));
}

TEST_CASE("a conflict brings the version that is there") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  const auto attempt = client.take();
  answer given;
  given.code = error_code::version_conflict;
  given.known = outcome::not_applied;
  given.version = {77};
  client.hear(answered{attempt.attempt, given, {}, {}, map_epoch{5}, {1}});
  CHECK(client.outcome_of(id).problem.current_version == 77);
}
