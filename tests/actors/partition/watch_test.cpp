#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

operation watch_of(std::string prefix, watch_position from = {}, std::uint32_t wait_ms = 1000,
                   bool stale = false) {
  return read(watch{{1}, std::move(prefix), true, from, {}, wait_ms, stale});
}

std::string told(const answer& given) {
  REQUIRE(given.code == error_code::ok);
  REQUIRE(given.watched);
  std::string all;
  for (const auto& change : given.watched->changes)
    all += (change.is_removal ? "-" : "") + change.key + "="
           + (change.value ? *change.value : std::string{}) + " ";
  return all;
}

} // namespace

TEST_CASE("a watch hears what is committed, and not before (W1)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({watch_of("")});
  replica.ask({write(1, 1, put_of("k", "v"))});
  CHECK(replica.is_open(tag));
  replica.place();
  CHECK(replica.is_open(tag));
  replica.commit();
  CHECK(told(replica.answer_to(tag)) == "k=v ");
  CHECK(replica.reads.empty()); // no round
}

TEST_CASE("what is written, removed and done in transactions is heard; what is refused isn't") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto start
    = replica.answer_to(replica.ask({watch_of("", {}, 0)})).watched->next;
  replica.now_answer(write(1, 1, put_of("a", "1")));
  replica.now_answer(write(1, 2, put_of("a", "2", if_absent{})));
  replica.now_answer(write(1, 1, put_of("a", "1"))); // a retry (P4)
  replica.now_answer(write(1, 3, remove_of("none")));
  replica.now_answer(write(1, 4, remove_of("a")));
  transact both;
  both.then = {put_step{{1}, "b", bytes("3")}, put_step{{1}, "a", bytes("4")}};
  replica.now_answer(write(1, 5, both));
  const auto page = replica.answer_to(replica.ask({watch_of("", start)}));
  CHECK(told(page) == "a=1 -a= a=4 b=3 ");
  CHECK(page.watched->changes[2].version == page.watched->changes[3].version);
}

TEST_CASE("a watch whose time is over is told where to go on") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({watch_of("a", {}, 1000)});
  replica.now_answer(write(1, 1, put_of("b", "v")));
  replica.pass(999);
  CHECK(replica.is_open(tag));
  replica.pass(1);
  CHECK(told(replica.answer_to(tag)).empty());
  CHECK(replica.answer_to(tag).watched->next == watch_position{next(replica.last_index), 0});
  CHECK(replica.machine().waiting_requests() == 0);
}

TEST_CASE("only a leader hears watches, unless any replica will do (I13)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({watch_of("")});
  replica.follow({2}, {3});
  const auto refused = replica.ask({watch_of("")});
  CHECK(replica.response_to(refused).failure.code == error_code::not_leader);
  CHECK(replica.response_to(refused).leader == node_id{3});
  const auto stale = replica.ask({watch_of("", {}, 1000, true)});
  replica.commit_entry(
    std::make_shared<entry_batch>(batch_at(at_ms(500), {write(2, 1, put_of("k", "v"))})), {2});
  CHECK(told(replica.answer_to(stale)) == "k=v ");
  CHECK(told(replica.answer_to(tag)) == "k=v "); // committed is committed
}

TEST_CASE("who waits at a leader that leads no more is sent to the next one soon") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({watch_of("", {}, 30'000)});
  replica.follow({2}, {3});
  replica.pass(100);
  CHECK(replica.answer_to(tag).code == error_code::not_leader);
  CHECK(replica.machine().waiting_watches() == 0);
}

TEST_CASE("a watch goes on at a replica that started again, or is told to list again") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto start = replica.answer_to(replica.ask({watch_of("", {}, 0)})).watched->next;
  replica.now_answer(write(1, 1, put_of("k", "1")));
  const auto later = replica.answer_to(replica.ask({watch_of("", start)})).watched->next;
  replica.restart(); // with all of it in its checkpoint
  replica.lead({2});
  CHECK(replica.answer_to(replica.ask({watch_of("", start)})).code == error_code::too_old);
  const auto tag = replica.ask({watch_of("", later)});
  replica.now_answer(write(1, 2, put_of("k", "2")));
  CHECK(told(replica.answer_to(tag)) == "k=2 ");
}

TEST_CASE("a snapshot that takes the place of entries ends watches that miss them (W3)") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({watch_of("", {}, 1000, true)});
  replica.follow({2}, {3});
  replica.checkpoint();
  replica.last_index = {40};
  replica.hear(restored{{{40}, {2}, {}}});
  CHECK(replica.answer_to(tag).code == error_code::too_old);
}

TEST_CASE("watches of a space that went are told so") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto tag = replica.ask({watch_of("")});
  replica.hear(map_known{map_with(3, {2})});
  replica.commit_all();
  CHECK(replica.answer_to(tag).code == error_code::wrong_partition);
  CHECK(replica.answer_to(replica.ask({watch_of("")})).code == error_code::wrong_partition);
}

TEST_CASE("a watch has its limits, and comes by itself") {
  replica_under_test replica;
  lead_with_space(replica);
  const auto both = replica.ask({watch_of(""), read(get{{1}, "k"})});
  CHECK(replica.response_to(both).failure.code == error_code::invalid);
  CHECK(replica.response_to(both).failure.message == "operations: a watch comes by itself");
  const auto long_one = replica.answer_to(replica.ask({watch_of("", {}, 60'001)}));
  CHECK(long_one.code == error_code::too_large);
  CHECK(long_one.message.starts_with("wait_ms: 60001"));
  const auto wide = replica.answer_to(replica.ask({watch_of(std::string(401, 'k'))}));
  CHECK(wide.code == error_code::too_large);
  const auto none = replica.answer_to(replica.ask({read(watch{{1}, "", false, {}, {}, 0, false})}));
  CHECK(none.code == error_code::invalid);
}

TEST_CASE("watches count among the requests that a partition has open") {
  settings options;
  options.max_open_requests = 2;
  replica_under_test replica{options};
  lead_with_space(replica);
  replica.ask({watch_of("")});
  replica.ask({watch_of("")});
  const auto third = replica.ask({watch_of("")});
  CHECK(replica.response_to(third).failure.code == error_code::overloaded);
}
