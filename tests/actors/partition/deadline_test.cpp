#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

operation numbered_put(std::uint64_t number) {
  return write(1, number, put_of("k" + std::to_string(number), "v"));
}

} // namespace

TEST_CASE("a request is answered at its own deadline, the earliest first") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto slow = replica.ask({numbered_put(1)}, 500);
  const auto fast = replica.ask({numbered_put(2)}, 100);
  REQUIRE(replica.machine().next_wake() == replica.now + 100);
  replica.pass(99);
  CHECK(replica.is_open(fast));
  replica.pass(1);
  CHECK(replica.answer_to(fast).code == error_code::deadline);
  CHECK(replica.is_open(slow));
  CHECK(replica.machine().next_wake() == replica.now + 400);
  replica.pass(400);
  CHECK_FALSE(replica.is_open(slow));
  CHECK_FALSE(replica.machine().next_wake());
}

TEST_CASE("without a deadline of its own a request has the default one") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({numbered_put(1)});
  CHECK(replica.machine().next_wake() == replica.now + bounds::default_deadline_ms);
}

TEST_CASE("at the deadline each operation is told by itself (P5)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto proposed = replica.ask({numbered_put(1)}, 100);
  replica.ask({numbered_put(2)}, 100);
  // Two are in flight, so this one's write is gathered; its read waits too.
  const auto waits = replica.ask({read(get{{1}, "k"}), numbered_put(3),
                                  write(1, 4, put_of("", "v"))}, 100);
  replica.pass(100);
  CHECK(replica.answer_to(proposed).known == outcome::unknown);
  CHECK(replica.answer_to(waits, 0).known == outcome::not_applied);
  CHECK(replica.answer_to(waits, 1).known == outcome::not_applied);
  CHECK(replica.answer_to(waits, 1).code == error_code::deadline);
  CHECK(replica.answer_to(waits, 2).code == error_code::invalid);
}

TEST_CASE("a request that was cut in two says unknown of its first part only (P5)") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({numbered_put(1)});
  replica.ask({numbered_put(2)});
  std::vector<operation> large;
  for (std::uint64_t n = 0; n < 10; ++n)
    large.push_back(write(1, 10 + n, put_of("k", std::string(bounds::max_value, 'v'))));
  const auto cut = replica.ask(large, 100);
  replica.place();
  replica.commit();
  REQUIRE(replica.proposed.back().batch->operations.size() == 7);
  replica.pass(100);
  for (std::size_t place = 0; place < 10; ++place)
    CHECK(replica.answer_to(cut, place).known
          == (place < 7 ? outcome::unknown : outcome::not_applied));
  replica.commit_all();
  CHECK(replica.value_of("k").size() == bounds::max_value);
  CHECK(replica.machine().sessions().find({1})->answers.back().number
        == operation_number{16}); // the seventh; the others never got there
}

TEST_CASE("what ran into its deadline before it was proposed never is") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({numbered_put(1)});
  replica.ask({numbered_put(2)});
  replica.ask({numbered_put(3)}, 100);
  const auto stays = replica.ask({numbered_put(4)});
  replica.pass(100);
  replica.commit_all();
  CHECK(replica.value_of("k3") == "-");
  CHECK(replica.answer_to(stays).code == error_code::ok);
}

TEST_CASE("the room of what ran into its deadline is free again") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({numbered_put(1)});
  replica.ask({numbered_put(2)});
  const std::string large(bounds::max_value, 'v');
  while (replica.is_open(replica.ask({write(1, 5, put_of("k", large))}, 100))) {
  }
  replica.pass(100);
  CHECK(replica.is_open(replica.ask({write(1, 6, put_of("k", large))})));
  replica.commit_all();
  CHECK(replica.machine().waiting_requests() == 0);
}

TEST_CASE("without a quorum the deadline's answer says so") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({numbered_put(1)}, 100);
  replica.hear(quorum_known{false});
  replica.pass(100);
  CHECK(replica.answer_to(tag).message == "the partition has no quorum");
}

TEST_CASE("an entry that commits after its request's deadline is applied") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({numbered_put(1)}, 100);
  replica.pass(100);
  REQUIRE(replica.answer_to(tag).known == outcome::unknown);
  replica.commit_all();
  CHECK(replica.value_of("k1") == "v");
}
