#include "actors/partition/sound_state.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

/// Leads, with `good` and `bad` on the disk, and the latter damaged there.
struct damaged_replica : replica_under_test {
  damaged_replica() {
    lead_with_space(*this);
    now_answer(write(1, 1, put{{1}, "good", bytes("g"), always{}}));
    now_answer(write(1, 2, put{{1}, "bad", bytes("b"), always{}}));
    restart();
    REQUIRE(disk.damage(storage::record_key::value({1}, "bad")));
    lead({2});
  }
};

} // namespace

TEST_CASE("a damaged value is answered `damaged`, and the replica's end is asked for (I7)") {
  damaged_replica replica;
  const auto tag = replica.ask({read(get{{1}, "good"}), read(get{{1}, "bad"})});
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  CHECK(*replica.answer_to(tag, 0).value == "g");
  CHECK(replica.answer_to(tag, 1).code == error_code::damaged);
  CHECK(replica.answer_to(tag, 1).message.find("repair is under way") != std::string::npos);
  CHECK(replica.damage.size() == 1);
}

TEST_CASE("a stale read that meets a damaged value has the replica built anew as well") {
  damaged_replica replica;
  const auto tag = replica.ask({read(get{{1}, "bad", true})});
  CHECK(replica.answer_to(tag, 0).code == error_code::damaged);
  CHECK(replica.damage.size() == 1);
}

TEST_CASE("a scan that meets a damaged value gives no page without it") {
  damaged_replica replica;
  const auto page = replica.now_read(scan{{1}, "", "", 0, false});
  CHECK(page.code == error_code::damaged);
  CHECK(page.rows.empty());
  CHECK(replica.damage.size() == 1);
}

TEST_CASE("a write that has to look at a damaged value is not applied in its own way (P1)") {
  damaged_replica replica;
  replica.ask({write(1, 3, put{{1}, "bad", bytes("x"), if_absent{}})});
  replica.place();
  CHECK_THROWS_AS(replica.commit(), state_damaged);
}

TEST_CASE("a write that doesn't look makes a damaged value good") {
  damaged_replica replica;
  CHECK(replica.now_answer(write(1, 3, put{{1}, "bad", bytes("new"), always{}})).code
        == error_code::ok);
  CHECK(replica.value_of("bad") == "new");
}
