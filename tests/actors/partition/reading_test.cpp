#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

replica_under_test& with_keys(replica_under_test& replica,
                              const std::vector<std::string>& keys,
                              const std::string& value = "v") {
  lead_with_space(replica);
  std::uint64_t number = 0;
  for (const auto& key : keys)
    replica.now_answer(write(1, ++number, put_of(key, value)));
  return replica;
}

std::string keys_of(const answer& page) {
  std::string all;
  for (const auto& row : page.rows)
    all += row.key + " ";
  return all + (page.more ? "more" : "end");
}

} // namespace

TEST_CASE("a read asks for a round that begins after it arrived (P15)") {
  replica_under_test replica;
  with_keys(replica, {"k"});
  const auto one = replica.ask({read(get{{1}, "k"})});
  const auto two = replica.ask({read(get{{1}, "k"})});
  REQUIRE(replica.reads.size() == 2);
  REQUIRE(replica.reads[0].ticket != replica.reads[1].ticket);
  replica.hear(read_confirmed{replica.reads[0].ticket, replica.last_index});
  CHECK_FALSE(replica.is_open(one));
  CHECK(replica.is_open(two));
}

TEST_CASE("a read waits until the state has applied its round's index (I6)") {
  replica_under_test replica;
  with_keys(replica, {"k"}, "old");
  replica.ask({write(1, 9, put_of("k", "new"))});
  const auto tag = replica.ask({read(get{{1}, "k"})});
  const auto index = replica.place();
  replica.hear(read_confirmed{replica.reads.back().ticket, index});
  REQUIRE(replica.is_open(tag));
  replica.commit();
  CHECK(*replica.answer_to(tag).value == "new");
}

TEST_CASE("reads that wait for different indexes are answered in their order") {
  replica_under_test replica;
  with_keys(replica, {"k"}, "0");
  const auto base = replica.last_index.value;
  const auto late = replica.ask({read(get{{1}, "k"})});
  const auto soon = replica.ask({read(get{{1}, "k"})});
  replica.hear(read_confirmed{replica.reads[0].ticket, {base + 2}});
  replica.hear(read_confirmed{replica.reads[1].ticket, {base + 1}});
  replica.now_answer(write(1, 8, put_of("k", "1")));
  CHECK(*replica.answer_to(soon).value == "1");
  REQUIRE(replica.is_open(late));
  replica.now_answer(write(1, 9, put_of("k", "2")));
  CHECK(*replica.answer_to(late).value == "2");
}

TEST_CASE("a refused round refuses its reads alone") {
  replica_under_test replica;
  with_keys(replica, {"k"});
  const auto tag = replica.ask({read(get{{1}, "k"}), write(1, 9, put_of("k", "new"))});
  replica.hear(read_refused{replica.reads.back().ticket});
  REQUIRE(replica.is_open(tag));
  replica.commit_all();
  CHECK(replica.answer_to(tag, 0).code == error_code::not_leader);
  CHECK(replica.answer_to(tag, 0).known == outcome::not_applied);
  CHECK(replica.answer_to(tag, 1).code == error_code::ok);
}

TEST_CASE("a round that comes after the read's deadline is ignored") {
  replica_under_test replica;
  with_keys(replica, {"k"});
  const auto tag = replica.ask({read(get{{1}, "k"})}, 100);
  const auto ticket = replica.reads.back().ticket;
  SUBCASE("confirmed late") {
    replica.pass(100);
    replica.hear(read_confirmed{ticket, replica.last_index});
  }
  SUBCASE("refused late") {
    replica.pass(100);
    replica.hear(read_refused{ticket});
  }
  SUBCASE("confirmed in time, applied late") {
    replica.hear(read_confirmed{ticket, next(replica.last_index)});
    replica.pass(100);
    replica.now_answer(write(1, 9, put_of("k", "new")));
  }
  CHECK(replica.answer_to(tag).code == error_code::deadline);
  CHECK(replica.answer_to(tag).known == outcome::not_applied);
  CHECK(replica.machine().waiting_requests() == 0);
}

TEST_CASE("a read confirmed before leadership was lost is still answered") {
  replica_under_test replica;
  with_keys(replica, {"k"});
  const auto tag = replica.ask({read(get{{1}, "k"})});
  replica.hear(read_confirmed{replica.reads.back().ticket, next(replica.last_index)});
  replica.follow({2});
  replica.commit_entry(nullptr, {1});
  CHECK(*replica.answer_to(tag).value == "v");
}

TEST_CASE("a get tells an absent key, a deleted key and an empty value apart") {
  replica_under_test replica;
  with_keys(replica, {"deleted", "there"});
  replica.now_answer(write(1, 8, put{{1}, "empty", nullptr, always{}}));
  replica.now_answer(write(1, 9, remove_of("deleted")));
  CHECK(replica.now_read(get{{1}, "absent"}).code == error_code::not_found);
  CHECK(replica.now_read(get{{1}, "deleted"}).code == error_code::not_found);
  CHECK(replica.now_read(get{{7}, "there"}).code == error_code::wrong_partition);
  const auto empty = replica.now_read(get{{1}, "empty"});
  CHECK(empty.code == error_code::ok);
  REQUIRE(empty.value);
  CHECK(empty.value->empty());
}

TEST_CASE("a scan is in order, half open, and skips what was deleted") {
  replica_under_test replica;
  with_keys(replica, {"c", "a", "d", "b", "e"});
  replica.now_answer(write(1, 9, remove_of("c")));
  CHECK(keys_of(replica.now_read(scan{{1}, "", "", 0})) == "a b d e end");
  CHECK(keys_of(replica.now_read(scan{{1}, "b", "e", 0})) == "b d end");
  CHECK(keys_of(replica.now_read(scan{{1}, "c", "c", 0})) == "end");
  CHECK(keys_of(replica.now_read(scan{{1}, "e", "a", 0})) == "end");
}

TEST_CASE("a page ends at its limit and says whether there is more") {
  replica_under_test replica;
  with_keys(replica, {"a", "b", "c"});
  replica.now_answer(write(1, 9, remove_of("c")));
  CHECK(keys_of(replica.now_read(scan{{1}, "", "", 1})) == "a more");
  CHECK(keys_of(replica.now_read(scan{{1}, "", "", 2})) == "a b end");
  const auto over = replica.ask({read(scan{{1}, "", "", 1001})});
  CHECK(replica.answer_to(over).code == error_code::too_large);
}

TEST_CASE("a page also ends at its size, unless only keys are asked for") {
  replica_under_test replica;
  with_keys(replica, {"a", "b", "c", "d"}, std::string(bounds::max_value, 'v'));
  const auto page = replica.now_read(scan{{1}, "", "", 0});
  CHECK(keys_of(page) == "a b more");
  const auto keys = replica.now_read(scan{{1}, "", "", 0, true});
  CHECK(keys_of(keys) == "a b c d end");
  CHECK(keys.rows[0].value == nullptr);
}

TEST_CASE("the answers of one request have a bound together, and what is over it may be asked again") {
  replica_under_test replica;
  with_keys(replica, {"k"}, std::string(bounds::max_value, 'v'));
  const auto tag = replica.ask(std::vector<operation>(6, read(get{{1}, "k"})));
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  for (std::size_t place = 0; place < 6; ++place)
    CHECK(replica.answer_to(tag, place).code
          == (place < 4 ? error_code::ok : error_code::overloaded));
}

TEST_CASE("a damaged value is an error of its read, not of the partition") {
  replica_under_test replica;
  with_keys(replica, {"good", "bad"});
  replica.restart();
  replica.lead({2});
  REQUIRE(replica.disk.damage(storage::record_key::value({1}, "bad")));
  CHECK(replica.now_read(get{{1}, "bad"}).code == error_code::damaged);
  CHECK(replica.now_read(scan{{1}, "", "", 0}).code == error_code::damaged);
  CHECK(replica.value_of("good") == "v");
}

// -- stale reads -----------------------------------------------------------------------

namespace {

get stale_get(std::string key) {
  return {{1}, std::move(key), true};
}

} // namespace

TEST_CASE("a stale read is answered at once from what is applied, by any replica (I6)") {
  replica_under_test replica;
  with_keys(replica, {"a", "b"}, "old");
  const auto check = [&] {
    const auto rounds = replica.reads.size();
    const auto tag = replica.ask({read(stale_get("a")), read(scan{{1}, "", "", 0, true, true})});
    CHECK(*replica.answer_to(tag, 0).value == "old");
    CHECK(keys_of(replica.answer_to(tag, 1)) == "a b end");
    CHECK(replica.reads.size() == rounds);
  };
  SUBCASE("the leader's") { check(); }
  SUBCASE("a follower's") {
    replica.follow({2});
    check();
    const auto tag = replica.ask({read(stale_get("none"))});
    CHECK(replica.answer_to(tag).code == error_code::not_found);
  }
  SUBCASE("one that lost its quorum") {
    replica.hear(quorum_known{false});
    check();
  }
}

TEST_CASE("beside a stale read a follower refuses the rest, and says who leads") {
  replica_under_test replica;
  with_keys(replica, {"a"});
  replica.follow({2}, {3});
  const auto tag = replica.ask({read(get{{1}, "a"}), read(stale_get("a")),
                                write(1, 9, put_of("a", "new"))});
  CHECK(replica.answer_to(tag, 0).code == error_code::not_leader);
  CHECK(replica.answer_to(tag, 1).code == error_code::ok);
  CHECK(replica.answer_to(tag, 2).code == error_code::not_leader);
  CHECK(replica.answer_to(tag, 2).known == outcome::not_applied);
  CHECK(replica.response_to(tag).leader == node_id{3});
  CHECK(replica.proposed.empty());
}

TEST_CASE("beside others a leader serves a stale read as well as those") {
  replica_under_test replica;
  with_keys(replica, {"a"});
  const auto tag = replica.ask({read(stale_get("a")), read(get{{1}, "a"})});
  REQUIRE(replica.is_open(tag));
  replica.hear(read_confirmed{replica.reads.back().ticket, replica.last_index});
  CHECK(replica.answer_to(tag, 0).code == error_code::ok);
}

TEST_CASE("the answers of stale reads have a bound together, and keys their limit") {
  replica_under_test replica;
  with_keys(replica, {"a"}, std::string(bounds::max_value, 'v'));
  std::vector<operation> many(6, read(stale_get("a")));
  many.push_back(read(stale_get(std::string(401, 'k'))));
  const auto tag = replica.ask(std::move(many));
  CHECK(replica.answer_to(tag, 0).code == error_code::ok);
  CHECK(replica.answer_to(tag, 5).code == error_code::overloaded);
  CHECK(replica.answer_to(tag, 6).code == error_code::too_large);
  CHECK(replica.answer_to(tag, 6).message.starts_with("key: 401 bytes"));
}
