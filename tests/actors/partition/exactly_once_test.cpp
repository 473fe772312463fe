#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

TEST_CASE("a retry is answered as the first try was, and applied no more (P4)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto asked = write(1, 1, put_of("k", "first"));
  const auto first = replica.now_answer(asked);
  replica.now_answer(write(2, 1, put_of("k", "second")));
  const auto again = replica.now_answer(asked);
  CHECK(again.repeated);
  CHECK(again.code == error_code::ok);
  CHECK(again.known == outcome::applied);
  CHECK(again.version == first.version);
  CHECK(replica.value_of("k") == "second");
}

TEST_CASE("a refusal is remembered like a success (P4)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto there = replica.now_answer(write(2, 1, put_of("k", "v"))).version;
  const auto asked = write(1, 1, put_of("k", "mine", if_absent{}));
  const auto first = replica.now_answer(asked);
  REQUIRE(first.code == error_code::version_conflict);
  replica.now_answer(write(2, 2, remove_of("k")));
  const auto again = replica.now_answer(asked);
  CHECK(again.repeated);
  CHECK(again.code == error_code::version_conflict);
  CHECK(again.known == outcome::not_applied);
  CHECK(again.version == there);
  CHECK(again.message == first.message);
  CHECK(replica.value_of("k") == "-");
}

TEST_CASE("both copies of an operation in one entry: one effect, two answers") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto asked = write(1, 1, put_of("k", "v", if_absent{}));
  const auto tag = replica.ask({asked, asked});
  replica.commit_all();
  CHECK(replica.answer_to(tag, 0).code == error_code::ok);
  CHECK_FALSE(replica.answer_to(tag, 0).repeated);
  CHECK(replica.answer_to(tag, 1).code == error_code::ok);
  CHECK(replica.answer_to(tag, 1).repeated);
}

TEST_CASE("an operation stamped after its retry_until is not applied (P4)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto late = replica.now_answer(write(1, 1, put_of("k", "v"), 0, at_ms(0)));
  CHECK(late.code == error_code::session_expired);
  CHECK(replica.value_of("k") == "-");
}

TEST_CASE("an acknowledged operation is not applied again (P4)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.now_answer(write(1, 1, put_of("k", "1")));
  replica.now_answer(write(1, 2, put_of("k", "2"), 2));
  const auto copy = replica.now_answer(write(1, 1, put_of("k", "1")));
  CHECK(copy.code == error_code::session_expired);
  CHECK(copy.known == outcome::unknown);
  CHECK(replica.value_of("k") == "2");
}

TEST_CASE("an answer is kept until the log's stamp has passed its retry_until (P4)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto asked = write(1, 1, put_of("k", "1"), 0, at_ms(500));
  replica.now_answer(asked);
  replica.pass(499);
  replica.now_answer(write(2, 1, put_of("k", "2"), 0, at_ms(900)));
  CHECK(replica.now_answer(asked).repeated);
  replica.pass(10);
  replica.now_answer(write(2, 2, put_of("k", "3"), 0, at_ms(900)));
  CHECK(replica.machine().sessions().find({1}) == nullptr);
  CHECK(replica.now_answer(asked).code == error_code::session_expired);
  CHECK(replica.value_of("k") == "3");
}

TEST_CASE("a full session table refuses, not applied, and a retry may succeed (P4)") {
  replica_under_test replica{{.sessions = {.sessions = 2}}};
  lead_with_space(replica);
  REQUIRE(replica.now_answer(write(99, 1, put_of("b", "u"))).code == error_code::ok);
  const auto asked = write(2, 1, put_of("k", "v"), 0, at_ms(14'000));
  CHECK(replica.now_answer(write(1, 1, put_of("a", "v"), 0, at_ms(100))).code
        == error_code::ok);
  const auto refused = replica.now_answer(asked);
  CHECK(refused.code == error_code::overloaded);
  CHECK(refused.known == outcome::not_applied);
  CHECK(replica.value_of("k") == "-");
  replica.pass(101);
  replica.now_answer(write(99, 2, put_of("b", "v"), 0, at_ms(14'000)));
  CHECK(replica.now_answer(asked).code == error_code::ok);
}

TEST_CASE("a retry_until beyond the window is refused, not applied") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto refused = replica.now_answer(
    write(1, 1, put_of("k", "v"), 0, at_ms(max_retry_window_ms + 1)));
  CHECK(refused.code == error_code::clock_skew);
  CHECK(refused.known == outcome::not_applied);
  CHECK(replica.machine().sessions().find({1}) == nullptr);
}

TEST_CASE("a restart from a checkpoint remembers every answer (P4)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto done = write(1, 1, put_of("k", "1"));
  const auto refused = write(1, 2, put_of("k", "2", if_absent{}));
  const auto first = replica.now_answer(done);
  replica.now_answer(refused);
  replica.restart();
  replica.lead({2});
  CHECK(replica.now_answer(done).version == first.version);
  CHECK(replica.now_answer(done).repeated);
  CHECK(replica.now_answer(refused).code == error_code::version_conflict);
  CHECK(replica.value_of("k") == "1");
}

TEST_CASE("what a hostile log entry asks is refused when applied (P1)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto batch = batch_at(
    at_ms(10), {read(get{{1}, "k"}), write(1, 1, put_of(std::string(401, 'k'), "v")),
                write(1, 2, put_of("k", "v", always{}, {55}))});
  CHECK_NOTHROW(replica.commit_entry(std::make_shared<entry_batch>(batch), {1}));
  CHECK(replica.value_of("k") == "-");
}

TEST_CASE("an idempotency key that was used for another request is refused (S5)") {
  replica_under_test replica;
  lead_with_space(replica);
  auto asked = write(77, 1, put_of("k", "mine"));
  asked.fingerprint = 5;
  const auto first = replica.now_answer(asked);
  REQUIRE(first.code == error_code::ok);
  auto other = write(77, 1, put_of("k", "yours"));
  other.fingerprint = 6;
  const auto check = [&] {
    const auto refused = replica.now_answer(other);
    CHECK(refused.code == error_code::invalid);
    CHECK(refused.known == outcome::not_applied);
    CHECK(refused.repeated); // the name was there before
    CHECK(replica.value_of("k") == "mine");
    const auto again = replica.now_answer(asked);
    CHECK(again.repeated);
    CHECK(again.version == first.version);
  };
  check();
  replica.restart();
  replica.lead({2});
  check();
}

TEST_CASE("a retry hears the sentence of the first try") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto version = replica.now_answer(write(2, 1, put_of("k", "v"))).version;
  std::uint64_t number = 0;
  const auto same = [&](auto what) {
    const auto asked = write(1, ++number, what);
    const auto first = replica.now_answer(asked);
    const auto again = replica.now_answer(asked);
    CHECK(again.repeated);
    CHECK(again.code == first.code);
    CHECK(again.version == first.version);
    CHECK(again.message == first.message);
    CHECK_FALSE(first.message.empty());
  };
  same(put_of("k", "w", if_absent{}));
  same(put_of("k", "w", if_version{{3}}));
  same(put_of("none", "w", if_version{version}));
  same(remove_of("none"));
}
