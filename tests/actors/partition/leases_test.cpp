#include "tests/actors/partition/locking.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// A leader with space 1; claims 1 and 2 want its lock.
struct locking_leader : replica_under_test {
  locking_leader() {
    lead_with_space(*this);
    token = now_answer(write(1, ++numbers, acquiring(1))).version;
    CHECK(now_answer(write(2, 1, acquiring(2))).otherwise);
  }

  request_tag keep(std::uint64_t claim, std::uint32_t wait_ms = 0) {
    const auto tag = ask({read(keeping(claim, wait_ms))});
    confirm();
    return tag;
  }
  void confirm() {
    REQUIRE(!reads.empty());
    hear(read_confirmed{reads.back().ticket, last_index});
    reads.pop_back();
  }
  bool wants_expiry() const {
    return !proposed.empty()
           && std::holds_alternative<expire_claims>(proposed.back().batch->command);
  }
  expire_claims expiring() const {
    return std::get<expire_claims>(proposed.back().batch->command);
  }
  bool holds(std::uint64_t claim) {
    const auto given = now_read(keeping(claim));
    return given.code == error_code::ok && !given.otherwise;
  }

  hlc_stamp token;
  std::uint64_t numbers = 0;
};

} // namespace

TEST_CASE("a lease that nobody keeps alive is over by an entry of its own, and the next one "
          "has the lock") {
  locking_leader leader;
  leader.pass(700);
  leader.keep(2);
  leader.pass(299);
  CHECK_FALSE(leader.wants_expiry());
  leader.pass(1);
  REQUIRE(leader.wants_expiry());
  CHECK(leader.proposed.back().batch->operations.empty());
  leader.commit_all();
  CHECK(leader.holds(2));
  CHECK(leader.now_read(keeping(1)).code == error_code::fenced);
}

TEST_CASE("a keep-alive counts from when it arrived, and only once it is confirmed (C2)") {
  locking_leader leader;
  leader.pass(500);
  const auto tag = leader.ask({read(keeping(1))});
  leader.pass(300);
  leader.keep(2);
  CHECK(leader.is_open(tag));
  leader.confirm();
  CHECK(leader.answer_to(tag).version == leader.token);
  leader.pass(699);
  CHECK_FALSE(leader.wants_expiry());
  leader.pass(1);
  REQUIRE(leader.wants_expiry());
  CHECK(leader.expiring() == expire_claims{{claim_of(1)}});
}

TEST_CASE("what comes when the lease is over in the log is too late (C3)") {
  locking_leader leader;
  leader.pass(1000);
  REQUIRE(leader.wants_expiry());
  const auto tag = leader.keep(1);
  CHECK(leader.answer_to(tag).code == error_code::fenced);
  leader.commit_all();
  CHECK_FALSE(leader.holds(1));
}

TEST_CASE("a new leader gives every claim its full lease (C1)") {
  locking_leader leader;
  leader.pass(900);
  leader.follow({2});
  leader.pass(5'000);
  leader.lead({3});
  CHECK_FALSE(leader.wants_expiry());
  leader.pass(999);
  CHECK_FALSE(leader.wants_expiry());
  CHECK(leader.holds(1));
  leader.pass(300);
  CHECK(leader.wants_expiry()); // claim 2's, which wasn't kept
  CHECK(leader.expiring() == expire_claims{{claim_of(2)}});
}

TEST_CASE("a leader that stood still charges that to nobody (C4)") {
  locking_leader leader;
  leader.pass(3'000);
  CHECK_FALSE(leader.wants_expiry());
  leader.pass(999);
  CHECK_FALSE(leader.wants_expiry());
  leader.pass(1);
  CHECK(leader.wants_expiry());
}

TEST_CASE("a lease that is over holds no write up while the log has no room") {
  locking_leader leader;
  leader.pass(1000);
  REQUIRE(leader.wants_expiry());
  const auto refuse = [&] {
    const auto ticket = leader.proposed.back().ticket;
    leader.proposed.clear();
    leader.hear(proposal_refused{ticket, refusal_reason::overloaded});
  };
  refuse();
  CHECK(leader.proposed.empty());
  const auto tag = leader.ask({write(1, ++leader.numbers, put_of("k", "v"))});
  REQUIRE(leader.proposed.size() == 1);
  CHECK_FALSE(leader.wants_expiry());
  refuse();
  CHECK(leader.proposed.empty());
  CHECK(leader.answer_to(tag).code == error_code::overloaded);
  leader.pass(1000);
  CHECK(leader.wants_expiry());
}

TEST_CASE("who waits is answered when it has the lock") {
  locking_leader leader;
  const auto tag = leader.keep(2, 800);
  CHECK(leader.is_open(tag));
  leader.now_answer(write(1, ++leader.numbers, releasing(1)));
  REQUIRE_FALSE(leader.is_open(tag));
  CHECK_FALSE(leader.answer_to(tag).otherwise);
  CHECK(leader.answer_to(tag).version > leader.token);
}

TEST_CASE("who waits in vain is told so in time, and has kept its place") {
  locking_leader leader;
  const auto tag = leader.keep(2, 600);
  leader.pass(599);
  leader.keep(1);
  CHECK(leader.is_open(tag));
  leader.pass(1);
  REQUIRE_FALSE(leader.is_open(tag));
  CHECK(leader.answer_to(tag).otherwise);
  CHECK(leader.answer_to(tag).code == error_code::ok);
}

TEST_CASE("who waits where the leadership ends is sent on") {
  locking_leader leader;
  const auto tag = leader.keep(2, 600);
  leader.follow({2});
  REQUIRE_FALSE(leader.is_open(tag));
  CHECK(leader.answer_to(tag).code == error_code::not_leader);
}

TEST_CASE("who watches a lock hears of the next one to have it, and of nobody") {
  locking_leader leader;
  const auto known = leader.now_read(read_lock{things, "lock"});
  REQUIRE(known.lock);
  CHECK(known.lock->owner == "claim 1");
  CHECK(known.lock->waiting == 1);
  const auto watch = [&](hlc_stamp version) {
    const auto tag = leader.ask({read(read_lock{things, "lock", version, 5'000})});
    leader.confirm();
    return tag;
  };
  const auto first = watch(known.version);
  CHECK(leader.is_open(first));
  leader.now_answer(write(1, ++leader.numbers, acquiring(3))); // one more in the queue
  CHECK(leader.is_open(first));
  leader.now_answer(write(1, ++leader.numbers, releasing(1)));
  REQUIRE_FALSE(leader.is_open(first));
  CHECK(leader.answer_to(first).lock->owner == "claim 2");
  const auto second = watch(leader.answer_to(first).version);
  leader.now_answer(write(1, ++leader.numbers, releasing(3)));
  leader.now_answer(write(1, ++leader.numbers, releasing(2)));
  REQUIRE_FALSE(leader.is_open(second));
  CHECK(leader.answer_to(second).lock->version == hlc_stamp{});
}
