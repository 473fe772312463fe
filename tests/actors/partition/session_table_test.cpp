#include "actors/partition/session_table.hpp"
#include "tests/actors/partition/operations.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

using standing = session_table::standing;

namespace {

operation numbered(std::uint64_t client, std::uint64_t number,
                   std::uint64_t acked_below = 0, std::uint64_t until_ms = 1000) {
  return write(client, number, remove_of("k"), acked_below, at_ms(until_ms));
}

/// Admits and, if it is fresh, remembers success at `stamp`.
standing take(session_table& table, const operation& asked, hlc_stamp stamp) {
  const auto found = table.admit(asked, stamp);
  if (found.is == standing::fresh)
    table.remember(asked, error_code::ok, stamp);
  return found.is;
}

} // namespace

TEST_CASE("a retry finds the first try's answer (P4)") {
  session_table table{{}};
  REQUIRE(take(table, numbered(1, 1), at_ms(0)) == standing::fresh);
  const auto again = table.admit(numbered(1, 1), at_ms(5));
  CHECK(again.is == standing::repeated);
  CHECK(again.previous.version == at_ms(0));
  CHECK(again.previous.code == error_code::ok);
}

TEST_CASE("numbers may come out of order and keep their own answers") {
  session_table table{{}};
  for (const std::uint64_t number : {5, 2, 9, 3})
    CHECK(take(table, numbered(1, number), at_ms(number)) == standing::fresh);
  for (const std::uint64_t number : {2, 3, 5, 9})
    CHECK(table.admit(numbered(1, number), at_ms(20)).previous.version == at_ms(number));
  CHECK(table.admit(numbered(1, 4), at_ms(20)).is == standing::fresh);
  CHECK(table.answers() == 4);
}

TEST_CASE("acknowledged answers go, and their operations are never applied again (S2)") {
  session_table table{{}};
  for (std::uint64_t number = 1; number <= 4; ++number)
    take(table, numbered(1, number), at_ms(number));
  CHECK(take(table, numbered(1, 5, 4), at_ms(10)) == standing::fresh);
  CHECK(table.answers() == 2);
  CHECK(table.admit(numbered(1, 3), at_ms(11)).is == standing::expired);
  CHECK(table.admit(numbered(1, 4), at_ms(11)).is == standing::repeated);
}

TEST_CASE("acked_below never goes back") {
  session_table table{{}};
  take(table, numbered(1, 7, 7), at_ms(0));
  take(table, numbered(1, 8, 2), at_ms(1));
  CHECK(table.find({1})->acked_below == operation_number{7});
  CHECK(table.admit(numbered(1, 3), at_ms(2)).is == standing::expired);
}

TEST_CASE("an operation stamped after its retry_until is refused, known client or not") {
  session_table table{{}};
  CHECK(take(table, numbered(1, 1, 0, 100), at_ms(101)) == standing::expired);
  CHECK(table.size() == 0);
  CHECK(take(table, numbered(1, 1, 0, 100), at_ms(100)) == standing::fresh);
  CHECK(take(table, numbered(1, 2, 0, 100), at_ms(101)) == standing::expired);
}

TEST_CASE("a retry_until beyond the window is refused") {
  session_table table{{}};
  const auto edge = max_retry_window_ms;
  CHECK(table.admit(numbered(1, 1, 0, edge + 1), at_ms(0)).is == standing::too_far);
  CHECK(take(table, numbered(1, 1, 0, edge), at_ms(0)) == standing::fresh);
  CHECK(table.admit(numbered(1, 2, 0, edge + 2), at_ms(1)).is == standing::too_far);
}

TEST_CASE("an operation below its own acked_below begins no session (S3)") {
  session_table table{{}};
  CHECK(take(table, numbered(1, 3, 4), at_ms(0)) == standing::expired);
  CHECK(table.size() == 0);
  CHECK(table.take_changed().empty());
}

TEST_CASE("a full table refuses new sessions and serves the old ones (S1)") {
  session_table table{{.sessions = 2}};
  take(table, numbered(1, 1), at_ms(0));
  take(table, numbered(2, 1), at_ms(1));
  CHECK(table.admit(numbered(3, 1), at_ms(2)).is == standing::full);
  CHECK(table.size() == 2);
  CHECK(take(table, numbered(1, 2), at_ms(3)) == standing::fresh);
  CHECK(table.admit(numbered(2, 1), at_ms(3)).is == standing::repeated);

  table.collect(at_ms(1001));
  CHECK(table.size() == 0);
  CHECK(take(table, numbered(3, 1, 0, 2000), at_ms(1002)) == standing::fresh);
}

TEST_CASE("a session without acknowledgements is full at its bound (S1)") {
  session_table table{{.answers_per_session = 3}};
  for (std::uint64_t number = 1; number <= 3; ++number)
    REQUIRE(take(table, numbered(1, number), at_ms(number)) == standing::fresh);
  CHECK(take(table, numbered(1, 4), at_ms(4)) == standing::full);
  CHECK(take(table, numbered(2, 1), at_ms(4)) == standing::fresh);
  CHECK(table.admit(numbered(1, 1), at_ms(5)).is == standing::repeated);
  CHECK(take(table, numbered(1, 4, 2), at_ms(6)) == standing::fresh);
}

TEST_CASE("all sessions together are full at their bound") {
  session_table table{{.answers = 3}};
  for (std::uint64_t client = 1; client <= 3; ++client)
    take(table, numbered(client, 1), at_ms(client));
  CHECK(table.admit(numbered(4, 1), at_ms(4)).is == standing::full);
  CHECK(table.admit(numbered(1, 2), at_ms(4)).is == standing::full);
}

TEST_CASE("a session ends with the last of its answers, not before (S2)") {
  session_table table{{}};
  take(table, numbered(1, 1, 0, 100), at_ms(0));
  take(table, numbered(1, 2, 0, 300), at_ms(1));
  take(table, numbered(2, 1, 0, 200), at_ms(2));
  table.collect(at_ms(201));
  CHECK(table.size() == 1);
  CHECK(table.find({1}) != nullptr);
  table.collect(at_ms(300));
  CHECK(table.size() == 1);
  table.collect(at_ms(301));
  CHECK(table.size() == 0);
  CHECK(table.answers() == 0);
}

TEST_CASE("an expired answer at the front goes with the session's next write (S2)") {
  session_table table{{}};
  take(table, numbered(1, 1, 0, 100), at_ms(0));
  take(table, numbered(1, 2, 0, 900), at_ms(200));
  CHECK(table.answers() == 1);
  CHECK(table.admit(numbered(1, 1, 0, 100), at_ms(201)).is == standing::expired);
}

TEST_CASE("which sessions an entry collects does not depend on a restart (S4)") {
  // More sessions than one entry collects, each prolonged once, so that the table
  // which lived on has all of them sorted in too early.
  constexpr std::uint64_t clients = 20'000;
  const session_limits wide{.sessions = clients};
  session_table lived{wide};
  session_table restored{wide};
  for (std::uint64_t client = 1; client <= clients; ++client) {
    take(lived, numbered(client, 1, 0, 100), at_ms(0));
    take(lived, numbered(client, 2, 0, 200 + (client * 7919) % 1000), at_ms(1));
  }
  for (const auto& [client, session] : lived.take_changed())
    restored.restore(client, *session);
  REQUIRE(restored.answers() == lived.answers());
  for (int entry = 0; entry < 4; ++entry) {
    lived.collect(at_ms(900));
    restored.collect(at_ms(900));
    REQUIRE(lived.size() == restored.size());
    bool same = true;
    for (std::uint64_t client = 1; client <= clients; ++client)
      same = same && !lived.find({client}) == !restored.find({client});
    CHECK(same);
  }
  CHECK(lived.size() < clients);
}

TEST_CASE("what changed is told once, in order, and what went as gone") {
  session_table table{{}};
  take(table, numbered(2, 1, 0, 100), at_ms(0));
  take(table, numbered(1, 1), at_ms(1));
  auto changed = table.take_changed();
  REQUIRE(changed.size() == 2);
  CHECK(changed[0].first == client_id{1});
  CHECK(changed[1].first == client_id{2});
  CHECK(table.take_changed().empty());

  CHECK(table.admit(numbered(1, 1), at_ms(2)).is == standing::repeated);
  CHECK(table.take_changed().empty());

  table.collect(at_ms(101));
  take(table, numbered(1, 2, 2), at_ms(102));
  changed = table.take_changed();
  REQUIRE(changed.size() == 2);
  CHECK(changed[0].second->answers.size() == 1);
  CHECK(changed[1].second == nullptr);
}

TEST_CASE("a session that went and began again is told once") {
  session_table table{{}};
  take(table, numbered(1, 1, 0, 100), at_ms(0));
  table.collect(at_ms(101));
  take(table, numbered(1, 2, 2), at_ms(102));
  const auto changed = table.take_changed();
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].second->answers.front().number == operation_number{2});
}

// -- sessions with a fingerprint -------------------------------------------------------

namespace {

operation named(std::uint64_t client, std::uint64_t number, std::uint64_t fingerprint,
                std::uint64_t until_ms = 1000) {
  auto asked = numbered(client, number, 0, until_ms);
  asked.fingerprint = fingerprint;
  return asked;
}

} // namespace

TEST_CASE("what is asked under a name that was used for something else is not applied (S5)") {
  session_table table{{}};
  CHECK(take(table, named(1, 1, 5), at_ms(0)) == standing::fresh);
  CHECK(take(table, named(1, 2, 5), at_ms(1)) == standing::fresh);
  CHECK(take(table, named(1, 1, 5), at_ms(2)) == standing::repeated);
  CHECK(take(table, named(1, 1, 6), at_ms(3)) == standing::other);
  CHECK(take(table, named(1, 3, 6), at_ms(4)) == standing::other);
  CHECK(take(table, numbered(1, 3), at_ms(5)) == standing::other);
  CHECK(table.answers() == 2);
  table.collect(at_ms(2'000));
  CHECK(take(table, named(1, 1, 6, 3'000), at_ms(2'001)) == standing::fresh);
}

TEST_CASE("named sessions have a bound of their own, and leave room to the others (S1)") {
  session_limits limits;
  limits.sessions = 1;
  limits.named_sessions = 2;
  session_table table{limits};
  CHECK(take(table, named(1, 1, 5), at_ms(0)) == standing::fresh);
  CHECK(take(table, named(2, 1, 5), at_ms(0)) == standing::fresh);
  CHECK(take(table, named(3, 1, 5), at_ms(0)) == standing::full);
  CHECK(take(table, numbered(4, 1), at_ms(0)) == standing::fresh);
  CHECK(take(table, numbered(5, 1), at_ms(0)) == standing::full);
  CHECK(table.named() == 2);

  session_table restored{limits};
  for (const std::uint64_t client : {1, 2, 4})
    restored.restore({client}, *table.find({client}));
  CHECK(restored.named() == 2);
  CHECK(take(restored, named(3, 1, 5), at_ms(0)) == standing::full);
  restored.collect(at_ms(2'000));
  CHECK(restored.named() == 0);
}

TEST_CASE("a session that has ended stays so until nothing of it can come any more (S6)") {
  session_table table{{}};
  take(table, numbered(1, 1, 0, 500), at_ms(0));
  const auto end = write(1, 3, end_session{{1}, "k"}, 0, at_ms(1000));
  CHECK(take(table, end, at_ms(10)) == standing::fresh);
  CHECK(table.find({1})->ended);
  CHECK(take(table, numbered(1, 2, 0, 900), at_ms(600)) == standing::fresh);
  CHECK(take(table, numbered(1, 4, 4, 900), at_ms(600)) == standing::fresh); // it has all answers
  CHECK(table.find({1})->ended);
  table.collect(at_ms(1000));
  REQUIRE(table.find({1}));
  CHECK(table.find({1})->ended);
  table.collect(at_ms(1001));
  CHECK_FALSE(table.find({1}));
  CHECK(table.admit(numbered(1, 5, 0, 1000), at_ms(1001)).is == standing::expired);
}
