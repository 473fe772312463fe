#include "tests/actors/raft/replica_under_test.hpp"

using namespace present;
using namespace present::raft;

TEST_CASE("a read waits for a round that was sent after it arrived (P15)") {
  replica_under_test one;
  one.lead();
  one.tell(read_request{1});
  CHECK(one.effects_of<read_ready>().empty());
  const auto first = one.sent<append_request>();
  REQUIRE(first.size() == 2);
  const auto round = first[0].second.round;
  one.tell(read_request{2});
  CHECK(one.sent<append_request>().empty());
  one.acknowledge(2, 1, 1, round);
  REQUIRE(one.effects_of<read_ready>().size() == 1);
  CHECK(one.effects_of<read_ready>()[0].id == 1);
  const auto second = one.sent<append_request>();
  REQUIRE_FALSE(second.empty());
  CHECK(second[0].second.round > round);
  one.acknowledge(3, 1, 1, second[0].second.round);
  REQUIRE(one.effects_of<read_ready>().size() == 1);
  CHECK(one.effects_of<read_ready>()[0].id == 2);
}

TEST_CASE("one round serves every read that waits") {
  replica_under_test one;
  one.lead();
  one.tell(read_request{1});
  const auto round = one.sent<append_request>()[0].second.round;
  for (ticket id = 2; id <= 100; ++id)
    one.tell(read_request{id});
  one.acknowledge(2, 1, 1, round);
  one.acknowledge(2, 1, 1, round + 1);
  CHECK(one.effects_of<read_ready>().size() == 99);
}

TEST_CASE("no read is answered before an entry of the own term is committed (rule 13)") {
  replica_under_test one;
  one.wake();
  one.hear(2, 1, vote_reply{true, true});
  one.flush();
  one.hear(2, 1, vote_reply{false, true});
  one.tell(read_request{1});
  one.acknowledge(2, 1, 0);
  one.acknowledge(3, 1, 0);
  CHECK(one.effects_of<read_ready>().empty());
  one.flush();
  one.acknowledge(2, 1, 1);
  const auto round = one.sent<append_request>().back().second.round;
  one.acknowledge(2, 1, 1, round);
  REQUIRE(one.effects_of<read_ready>().size() == 1);
  CHECK(one.effects_of<read_ready>()[0].index == log_index{1});
}

TEST_CASE("a group of one answers at once") {
  replica_under_test one{replica_under_test::with_voters({1})};
  one.wake();
  one.flush();
  one.flush();
  one.tell(read_request{1});
  CHECK(one.effects_of<read_ready>().size() == 1);
}

TEST_CASE("reads that wait are refused when leadership ends, and at followers") {
  replica_under_test one;
  one.tell(read_request{1});
  CHECK(one.effects_of<read_refused>().size() == 1);
  one.lead();
  one.tell(read_request{2});
  one.tell(read_request{3});
  one.hear(3, 5, append(1, 1, 1));
  CHECK(one.effects_of<read_refused>().size() == 2);
}

TEST_CASE("a lost round is repeated by the next heartbeat") {
  replica_under_test one;
  one.lead();
  one.tell(read_request{1});
  const auto round = one.sent<append_request>()[0].second.round;
  one.wake();
  CHECK(one.sent<append_request>()[0].second.round >= round);
}
