#include "runtime/base/check.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

error_code refusal_of_request(replica_under_test& replica, request asked) {
  asked.operations = {write(1, 1, put_of("k", "v"))};
  if (asked.partition == root_partition)
    asked.partition = {1};
  replica.hear(arrived{1000, std::make_shared<const request>(std::move(asked))});
  return replica.response_to(1000).failure.code;
}

operation numbered_put(std::uint64_t number, std::size_t bytes = 1) {
  return write(1, number, put_of("k" + std::to_string(number), std::string(bytes, 'v')));
}

} // namespace

TEST_CASE("an idle partition proposes at once") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({write(1, 1, put_of("a", "1")), write(1, 2, put_of("b", "2"))});
  REQUIRE(replica.proposed.size() == 1);
  CHECK(replica.proposed[0].batch->operations.size() == 2);
}

TEST_CASE("a busy partition gathers the next batch") {
  replica_under_test replica;
  lead_with_space(replica);
  for (std::uint64_t number = 1; number <= 5; ++number)
    replica.ask({numbered_put(number)});
  REQUIRE(replica.proposed.size() == 2);
  replica.place();
  replica.commit();
  REQUIRE(replica.proposed.size() == 2);
  CHECK(replica.proposed[1].batch->operations.size() == 3);
  replica.commit_all();
  for (request_tag tag = 1; tag <= 5; ++tag)
    CHECK(replica.answer_to(tag).code == error_code::ok);
}

TEST_CASE("after a slow round what has gathered waits a moment for those whom its answers wake") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({numbered_put(1), numbered_put(2), numbered_put(3)});
  replica.ask({numbered_put(4)});
  replica.ask({numbered_put(5)});
  replica.pass(6);
  replica.place();
  replica.commit();
  REQUIRE(replica.proposed.size() == 1);
  REQUIRE(replica.machine().next_wake());
  CHECK(*replica.machine().next_wake() == replica.now + 2);
  SUBCASE("for a part of its time") {
    replica.pass(1);
    CHECK(replica.proposed.size() == 1);
    replica.pass(1);
    REQUIRE(replica.proposed.size() == 2);
    CHECK(replica.proposed[1].batch->operations.size() == 1);
  }
  SUBCASE("or until as many have come") {
    replica.ask({numbered_put(6)});
    CHECK(replica.proposed.size() == 1);
    replica.ask({numbered_put(7)});
    REQUIRE(replica.proposed.size() == 2);
    CHECK(replica.proposed[1].batch->operations.size() == 3);
  }
  SUBCASE("and not for one that leads no more") {
    replica.follow({4});
    CHECK(replica.answer_to(3).code == error_code::not_leader);
  }
}

TEST_CASE("an entry is cut by its bounds in operations and bytes") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({numbered_put(1)});
  replica.ask({numbered_put(2)});
  SUBCASE("operations") {
    for (int n = 0; n < 5; ++n)
      replica.ask(std::vector<operation>(1000, numbered_put(3)));
    replica.place();
    replica.commit();
    CHECK(replica.proposed.back().batch->operations.size()
          == bounds::max_entry_operations);
  }
  SUBCASE("bytes") {
    for (std::uint64_t n = 0; n < 12; ++n)
      replica.ask({numbered_put(3 + n, bounds::max_value)});
    replica.place();
    replica.commit();
    CHECK(replica.proposed.back().batch->operations.size() == 7);
  }
  replica.commit_all();
  CHECK(replica.machine().waiting_requests() == 0);
}

TEST_CASE("each operation of a log has a stamp of its own, and they rise (I3)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto one = replica.ask({numbered_put(1), numbered_put(2), numbered_put(3)});
  const auto two = replica.ask({numbered_put(4)});
  replica.wall_ms -= 500; // the wall clock goes back
  replica.commit_all();
  hlc_stamp last;
  for (std::size_t place = 0; place < 3; ++place) {
    CHECK(replica.answer_to(one, place).version > last);
    last = replica.answer_to(one, place).version;
  }
  CHECK(replica.answer_to(two).version > last);
  CHECK(replica.response_to(two).stamp >= replica.answer_to(two).version);
}

TEST_CASE("two compare-and-sets in flight: the second is refused when applied (P1)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto before = replica.now_answer(write(1, 1, put_of("k", "0"))).version;
  const auto one = replica.ask({write(1, 2, put_of("k", "1", if_version{before}))});
  const auto two = replica.ask({write(2, 1, put_of("k", "2", if_version{before}))});
  REQUIRE(replica.proposed.size() == 2); // both are in flight
  replica.commit_all();
  CHECK(replica.answer_to(one).code == error_code::ok);
  const auto& refused = replica.answer_to(two);
  CHECK(refused.code == error_code::version_conflict);
  CHECK(refused.known == outcome::not_applied);
  CHECK(refused.version == replica.answer_to(one).version);
  CHECK(replica.value_of("k") == "1");
}

TEST_CASE("a request is refused as a whole, and says why") {
  replica_under_test replica;
  SUBCASE("no leader is known") {
    CHECK(refusal_of_request(replica, {}) == error_code::not_leader);
    CHECK(replica.response_to(1000).leader == node_id{});
  }
  SUBCASE("another node leads") {
    replica.follow({3}, {2});
    CHECK(refusal_of_request(replica, {}) == error_code::not_leader);
    CHECK(replica.response_to(1000).leader == node_id{2});
    CHECK(replica.response_to(1000).failure.leader_hint == 2);
    CHECK(replica.response_to(1000).failure.known == outcome::not_applied);
  }
  SUBCASE("another partition's") {
    replica.lead({1});
    CHECK(refusal_of_request(replica, {.partition = {7}}) == error_code::wrong_partition);
  }
  SUBCASE("no quorum") {
    replica.lead({1});
    replica.hear(quorum_known{false});
    CHECK(refusal_of_request(replica, {}) == error_code::no_quorum);
    CHECK(replica.response_to(1000).failure.retry_after_ms > 0);
  }
  SUBCASE("a stamp from the future (P21)") {
    replica.lead({1});
    const auto before = replica.machine().latest_stamp();
    CHECK(refusal_of_request(replica, {.seen = at_ms(251)}) == error_code::clock_skew);
    CHECK(replica.machine().latest_stamp() == before);
  }
}

TEST_CASE("a request has 1 to 1,000 operations") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto none = replica.ask({});
  const auto many = replica.ask(std::vector<operation>(1001, numbered_put(1)));
  CHECK(replica.response_to(none).failure.code == error_code::invalid);
  CHECK(replica.response_to(many).failure.code == error_code::invalid);
  CHECK(replica.is_open(replica.ask(std::vector<operation>(1000, numbered_put(1)))));
}

TEST_CASE("a value's version is its commit stamp, and rises though the clock goes back (P2)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto first = replica.now_answer(write(1, 1, put_of("k", "a"))).version;
  replica.wall_ms -= 100;
  const auto second = replica.now_answer(write(1, 2, put_of("k", "b"))).version;
  CHECK(second > first);
  CHECK(replica.now_read(get{{1}, "k"}).version == second);
}

TEST_CASE("a stamp seen within the bound is below all that is stamped later (P23)") {
  replica_under_test replica;
  lead_with_space(replica);
  request asked;
  asked.partition = {1};
  asked.seen = at_ms(250);
  asked.operations = {numbered_put(1)};
  replica.hear(arrived{50, std::make_shared<const request>(asked)});
  replica.commit_all();
  CHECK(replica.answer_to(50).version > at_ms(250));
}

TEST_CASE("a stamp that the log has reached is not refused, however slow the clock") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto far = at_ms(5'000);
  // The last leader's clock was far ahead; this one's log holds its stamps.
  replica.follow({2});
  replica.commit_entry(std::make_shared<entry_batch>(batch_at(far, {numbered_put(1)})), {2});
  replica.lead({3});
  request asked;
  asked.partition = {1};
  asked.seen = far;
  asked.operations = {numbered_put(2)};
  replica.hear(arrived{50, std::make_shared<const request>(asked)});
  replica.commit_all();
  CHECK(replica.answer_to(50).version > far);
}

TEST_CASE("an operation over a limit is refused by itself, and the others go on") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({numbered_put(1), write(1, 2, put_of("", "v")),
                                write(1, 3, put_of(std::string(401, 'k'), "v")),
                                write(1, 4, put_of("k", std::string(bounds::max_value + 1, 'v')))});
  CHECK(replica.proposed[0].batch->operations.size() == 1);
  replica.commit_all();
  CHECK(replica.answer_to(tag, 0).code == error_code::ok);
  CHECK(replica.answer_to(tag, 1).code == error_code::invalid);
  CHECK(replica.answer_to(tag, 2).code == error_code::too_large);
  CHECK(replica.answer_to(tag, 3).code == error_code::too_large);
  CHECK(replica.answer_to(tag, 3).id.number == operation_number{4});
}

TEST_CASE("a request of nothing but refusals is answered at once") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({write(1, 1, put_of("", "v"))});
  CHECK(replica.answer_to(tag).code == error_code::invalid);
  CHECK(replica.machine().waiting_requests() == 0);
  CHECK_FALSE(replica.machine().next_wake());
}

TEST_CASE("a full queue says overloaded and takes up again when it has drained") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.ask({numbered_put(1)});
  replica.ask({numbered_put(2)});
  std::uint64_t number = 3;
  while (replica.is_open(replica.ask({numbered_put(number, bounds::max_value)})))
    ++number;
  CHECK(number - 3 == bounds::max_gathered / bounds::max_value);
  CHECK(replica.responses.rbegin()->second->failure.code == error_code::overloaded);
  CHECK(replica.responses.rbegin()->second->failure.retry_after_ms > 0);
  replica.commit_all();
  CHECK(replica.is_open(replica.ask({numbered_put(number)})));
}

TEST_CASE("open requests are bounded, reads too") {
  replica_under_test replica{{.max_open_requests = 3}};
  lead_with_space(replica);
  for (int n = 0; n < 3; ++n)
    CHECK(replica.is_open(replica.ask({read(get{{1}, "k"})})));
  const auto over = replica.ask({read(get{{1}, "k"})});
  CHECK(replica.response_to(over).failure.code == error_code::overloaded);
}

TEST_CASE("raft's refusal of a proposal is not applied, with its reason (P5)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto refused_for = [&](refusal_reason why) {
    const auto tag = replica.ask({numbered_put(1)});
    replica.hear(proposal_refused{replica.proposed.front().ticket, why});
    replica.proposed.clear();
    CHECK(replica.answer_to(tag).known == outcome::not_applied);
    return replica.answer_to(tag).code;
  };
  CHECK(refused_for(refusal_reason::overloaded) == error_code::overloaded);
  CHECK(refused_for(refusal_reason::disk_full) == error_code::disk_full);
  CHECK(refused_for(refusal_reason::not_leader) == error_code::not_leader);
}

TEST_CASE("a tag that is still open is not taken twice") {
  replica_under_test replica;
  lead_with_space(replica);
  replica.hear(arrived{7, request_of({numbered_put(1)})});
  CHECK_THROWS_AS(replica.hear(arrived{7, request_of({numbered_put(2)})}),
                  invariant_violation);
}

TEST_CASE("a leader stamps at most the bound above the median of the clocks (P21)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto stamp_after = [&](std::uint64_t number) {
    return replica.now_answer(numbered_put(number)).version.wall_ms();
  };
  const auto true_ms = replica.wall_ms;
  replica.hear(voters_known{{{1}, {2}, {3}}});
  replica.wall_ms += 10'000; // this node's clock runs away
  replica.hear(peer_clock_read{{2}, true_ms});
  replica.hear(peer_clock_read{{3}, true_ms + 5});
  CHECK(stamp_after(1) == true_ms + 5 + 250);
  SUBCASE("one peer that is wrong moves nothing") {
    replica.hear(peer_clock_read{{3}, true_ms - 3'600'000});
    CHECK(stamp_after(2) <= true_ms + 5 + 250); // stamps rise, whatever the clock
    replica.hear(peer_clock_read{{3}, true_ms + 3'600'000});
    CHECK(stamp_after(3) == replica.wall_ms); // two of three agree on more
  }
  SUBCASE("nor does one that votes no more") {
    replica.hear(voters_known{{{1}}});
    CHECK(stamp_after(2) == replica.wall_ms);
  }
  SUBCASE("and a client's stamp is judged by the same") {
    request asked;
    asked.partition = {1};
    asked.seen = hlc_stamp::of(true_ms + 5 + 250 + 251, 0);
    CHECK(refusal_of_request(replica, asked) == error_code::clock_skew);
  }
}
