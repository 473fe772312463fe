#include "tests/actors/client/client_under_test.hpp"

using namespace present;
using namespace present::client;
using namespace present::client::test;

TEST_CASE("without a map a call waits for one, which is asked for once") {
  client_under_test client;
  client.put();
  client.put();
  CHECK(client.sent.empty());
  REQUIRE(client.asked_for_map.size() == 1);
  CHECK(client.asked_for_map[0].from == anywhere);
  client.give_map();
  REQUIRE(client.sent.size() == 2);
  CHECK(client.sent[0].to == node_id{1});
  CHECK(client.sent[0].partition == root);
  CHECK(client.sent[0].epoch == map_epoch{5});
  CHECK(std::get<put>(client.sent[0].what.what).space == space_id{1});
}

TEST_CASE("a map that can't be had is asked for again, with a pause between") {
  client_under_test client;
  const auto id = client.put("k", 1'000);
  int asked = 0;
  while (client.is_open(id)) {
    asked += static_cast<int>(client.asked_for_map.size());
    for (const auto& question : std::exchange(client.asked_for_map, {}))
      client.hear(map_failed{question.from});
    client.wake();
  }
  CHECK(asked == 20);
  CHECK(client.outcome_of(id).problem.code == error_code::deadline);
  CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
}

TEST_CASE("a key's partition is that of its range, a space's command the root's") {
  client_under_test client;
  auto map = small_map();
  map.ranges = {{{1}, "", {4}}, {{1}, "m", {2}}};
  map.leaders = {{root, {1}}, {{4}, {3}}, {{2}, {2}}};
  client.give_map(map);
  client.get("a");
  client.get("m");
  client.call(create_space{"more"});
  CHECK(client.take().to == node_id{3});
  const auto second = client.take();
  CHECK(second.partition == partition_id{2});
  CHECK(second.to == node_id{2});
  CHECK(client.take().partition == root);
}

TEST_CASE("a hint is followed at once and remembered, uncounted") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  client.fail(client.take(), error_code::not_leader, {3});
  REQUIRE(client.sent.size() == 1);
  CHECK(client.sent[0].to == node_id{3});
  client.succeed(client.take());
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
  CHECK(client.outcome_of(id).attempts == 2);
  client.put();
  CHECK(client.take().to == node_id{3});
}

TEST_CASE("without a hint the nodes are tried in turn") {
  client_under_test client;
  auto map = small_map();
  map.leaders.clear();
  client.give_map(map);
  client.put();
  std::set<node_id> tried;
  for (int n = 0; n < 3; ++n) {
    const auto attempt = client.take();
    tried.insert(attempt.to);
    client.fail(attempt, error_code::not_leader);
    if (client.sent.empty())
      client.wake();
  }
  CHECK(tried.size() == 3);
}

TEST_CASE("circles are paced, and an election longer than three tries is waited out") {
  client_under_test client;
  client.give_map();
  const auto id = client.put("k", 2'000);
  const auto begun = client.now;
  int tries = 0;
  while (client.now < begun + 1'500) {
    while (!client.sent.empty()) {
      const auto attempt = client.take();
      ++tries;
      // Two nodes that take each other for the leader.
      client.fail(attempt, error_code::not_leader, {attempt.to == node_id{2} ? 3U : 2U});
    }
    client.wake();
  }
  CHECK(tries > 1'500 / 42);
  CHECK(tries < 1'500 / 8);
  REQUIRE(client.is_open(id));
  client.succeed(client.take());
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
}

TEST_CASE("a node that can't be reached is no leader any more") {
  client_under_test client;
  client.give_map();
  client.get();
  const auto attempt = client.take();
  REQUIRE(attempt.to == node_id{1});
  client.hear(attempt_lost{attempt.attempt});
  std::set<node_id> tried;
  for (int n = 0; n < 2; ++n) {
    if (client.sent.empty())
      client.wake();
    const auto next = client.take();
    tried.insert(next.to);
    client.hear(attempt_lost{next.attempt, true});
  }
  CHECK(tried.size() == 2);
}

TEST_CASE("a node that does not answer for a partition may have left it: the map is asked for") {
  for (const auto refusal : {error_code::no_quorum, error_code::unknown_outcome,
                             error_code::ok}) {
    INFO(traits_of(refusal).name);
    client_under_test client;
    client.give_map();
    const auto id = client.put();
    const auto attempt = client.take();
    REQUIRE(attempt.to == node_id{1});
    if (refusal == error_code::ok)
      client.hear(attempt_lost{attempt.attempt, true});
    else
      client.fail(attempt, refusal);
    CHECK(client.asked_for_map.size() == 1);
    // By the new map others keep it, and one of them leads.
    auto newer = small_map();
    newer.epoch = map_epoch{6};
    for (auto& group : newer.partitions)
      group.members = group.wanted = {node_id{4}, node_id{5}};
    newer.leaders = {{root, node_id{5}}};
    client.give_map(newer);
    std::optional<send_attempt> next;
    while (client.is_open(id) && !(next && next->to == node_id{5})) {
      if (client.sent.empty())
        client.wake();
      next = client.take();
      if (next->to != node_id{5})
        client.hear(attempt_lost{next->attempt, true});
    }
    REQUIRE(client.is_open(id));
    client.succeed(*next);
    CHECK(client.outcome_of(id).problem.code == error_code::ok);
  }
}

TEST_CASE("a leader that has lost its quorum, or its room, is not the only one that is asked "
          "again") {
  client_under_test client;
  client.give_map();
  const auto id = client.get();
  auto attempt = client.take();
  REQUIRE(attempt.to == node_id{1});
  auto why = error_code::no_quorum;
  SUBCASE("it is cut off") {}
  SUBCASE("its disk is full") { why = error_code::disk_full; }
  while (attempt.to == node_id{1}) {
    client.fail(attempt, why);
    REQUIRE(client.is_open(id));
    while (client.sent.empty())
      client.wake();
    attempt = client.take();
  }
  client.succeed(attempt);
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
}

TEST_CASE("a newer epoch in an answer has the map asked for, of the root's leader") {
  client_under_test client;
  client.give_map();
  client.put();
  const auto attempt = client.take();
  client.hear(answered{attempt.attempt, {}, {}, {}, map_epoch{6}, {1}});
  REQUIRE(client.asked_for_map.size() == 1);
  CHECK(client.asked_for_map[0].from == node_id{1});
}

TEST_CASE("a wrong partition has the map asked for, and the call follows it") {
  client_under_test client;
  client.give_map();
  client.get();
  client.fail(client.take(), error_code::wrong_partition);
  CHECK(client.asked_for_map.size() == 1);
  auto map = small_map();
  map.epoch = {6};
  map.ranges = {{{1}, "", {9}}};
  map.leaders[{9}] = {3};
  client.give_map(map);
  client.fail(client.take(), error_code::wrong_partition);
  client.wake();
  const auto attempt = client.take();
  CHECK(attempt.partition == partition_id{9});
  CHECK(attempt.to == node_id{3});
}

TEST_CASE("an older map is not taken for the newer one at hand") {
  client_under_test client;
  client.give_map();
  auto older = small_map();
  older.epoch = {4};
  older.spaces.clear();
  client.give_map(older);
  client.get();
  CHECK(client.sent.size() == 1);
}

TEST_CASE("that a space does not exist is decided by the root's leader alone (I5)") {
  client_under_test client;
  auto map = small_map();
  map.spaces.clear();
  client.give_map(map);
  const auto id = client.put();
  REQUIRE(client.asked_for_map.size() == 1);
  SUBCASE("it has the space") {
    client.give_map(small_map());
    CHECK(client.sent.size() == 1);
  }
  SUBCASE("it lacks the space") {
    client.give_map(map);
    CHECK(client.outcome_of(id).problem.code == error_code::unknown_space);
    CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
    CHECK(client.outcome_of(id).problem.message.find("'things'") != std::string::npos);
  }
  SUBCASE("another node's map is no proof") {
    client.give_map(map, {2});
    REQUIRE(client.is_open(id));
    client.wake();
    REQUIRE(client.asked_for_map.size() == 2);
    CHECK(client.asked_for_map[1].from == node_id{1});
    client.give_map(small_map());
    CHECK(client.sent.size() == 1);
  }
  SUBCASE("nor is the map of one that has fallen behind ours") {
    map.epoch = {4};
    client.give_map(map);
    CHECK(client.is_open(id));
  }
}

TEST_CASE("a partition that has not heard of a space yet is asked again") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  const auto first = client.take();
  client.refuse(first, error_code::wrong_partition);
  CHECK(client.asked_for_map.size() == 1);
  const auto second = client.take(); // at once
  CHECK(second.to == first.to); // it leads, it only lags
  CHECK(second.what.id == first.what.id);
  client.refuse(second, error_code::wrong_partition);
  client.give_map(); // there is no newer one
  REQUIRE(client.sent.empty());
  client.wake();
  client.succeed(client.take());
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
}

TEST_CASE("a key that moved is asked for where it is now") {
  client_under_test client;
  client.give_map();
  const auto id = client.put();
  client.refuse(client.take(), error_code::wrong_partition);
  client.take();
  auto map = small_map();
  map.epoch = {6};
  map.ranges = {{{1}, "", {1}}};
  map.partitions.push_back({.partition = {1}, .members = {{2}}});
  client.give_map(map);
  client.call(get_call{"things", "k"});
  CHECK(client.take().to == node_id{2});
  CHECK(client.is_open(id));
}

TEST_CASE("a space that was dropped meanwhile is unknown") {
  client_under_test client;
  client.give_map();
  const auto id = client.get();
  client.refuse(client.take(), error_code::wrong_partition);
  auto map = small_map();
  map.epoch = {6};
  map.spaces.clear();
  client.give_map(map);
  client.refuse(client.take(), error_code::wrong_partition);
  while (client.asked_for_map.size() < 2)
    client.wake();
  client.give_map(map);
  CHECK(client.outcome_of(id).problem.code == error_code::unknown_space);
}

TEST_CASE("the map of a node that has heard of no cluster is none") {
  client_under_test client;
  const auto id = client.get();
  client.give_map({});
  CHECK(client.is_open(id));
  client.wake();
  client.give_map();
  CHECK(client.sent.size() == 1);
}

TEST_CASE("dropping a space that the root lacks is its final word") {
  client_under_test client;
  client.give_map();
  const auto id = client.call(drop_space{"other"});
  client.refuse(client.take(), error_code::unknown_space);
  CHECK(client.outcome_of(id).problem.code == error_code::unknown_space);
}

TEST_CASE("a map call gets the root leader's map, asked for after the call (I5)") {
  client_under_test client;
  client.put(); // its map is under way already
  const auto id = client.call(map_call{});
  client.give_map();
  REQUIRE(client.is_open(id));
  client.wake();
  REQUIRE(client.asked_for_map.size() == 2);
  SUBCASE("not another node's") {
    client.give_map(small_map(), {2});
    REQUIRE(client.is_open(id));
    client.wake();
  }
  SUBCASE("nor one that is older than ours") {
    auto map = small_map();
    map.epoch = {4};
    client.give_map(map);
    REQUIRE(client.is_open(id));
    client.wake();
  }
  auto map = small_map();
  map.epoch = {6};
  client.give_map(map);
  REQUIRE(client.outcome_of(id).map);
  CHECK(client.outcome_of(id).map->epoch == map_epoch{6});
  CHECK(client.sent.size() == 1);
}

TEST_CASE("a map call that no root leader answers ends at its deadline") {
  client_under_test client;
  const auto id = client.call(map_call{}, 300);
  while (client.is_open(id)) {
    if (!client.asked_for_map.empty()) {
      client.asked_for_map.clear();
      client.hear(map_failed{{1}});
    }
    client.wake();
  }
  CHECK(client.outcome_of(id).problem.code == error_code::deadline);
  CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
}

// -- scans over ranges -----------------------------------------------------------------

namespace {

cluster_map split_map() {
  auto map = small_map();
  map.ranges = {{{1}, "", {1}}, {{1}, "g", {2}}, {{1}, "p", {1}}, {{2}, "", {3}}};
  map.leaders = {{root, {1}}, {{1}, {1}}, {{2}, {2}}};
  return map;
}

void give_page(client_under_test& client, const send_attempt& attempt,
               const std::vector<std::string>& keys, bool more = false) {
  answer page;
  for (const auto& key : keys)
    page.rows.push_back({key, {1}, nullptr});
  page.more = more;
  client.hear(answered{attempt.attempt, page, {}, {}, map_epoch{5}, attempt.to});
}

std::string keys_of(const outcome_of_call& how) {
  std::string all;
  for (const auto& row : how.given.rows)
    all += row.key + " ";
  return all + (how.given.more ? "more" : "end");
}

} // namespace

TEST_CASE("a scan goes on over the ranges of its space and ends where it should") {
  client_under_test client;
  client.give_map(split_map());
  const auto id = client.call(scan_call{"things", "b", "r", 0, false});
  auto attempt = client.take();
  CHECK(attempt.partition == partition_id{1});
  CHECK(std::get<scan>(attempt.what.what) == scan{{1}, "b", "g", 0, false});
  give_page(client, attempt, {"b", "c"});
  attempt = client.take();
  CHECK(attempt.partition == partition_id{2});
  CHECK(std::get<scan>(attempt.what.what) == scan{{1}, "g", "p", 998, false});
  give_page(client, attempt, {});
  attempt = client.take();
  CHECK(attempt.partition == partition_id{1});
  CHECK(std::get<scan>(attempt.what.what) == scan{{1}, "p", "r", 998, false});
  give_page(client, attempt, {"q"});
  CHECK(keys_of(client.outcome_of(id)) == "b c q end");
}

TEST_CASE("a scan's page is full at its limit, wherever the ranges end") {
  client_under_test client;
  client.give_map(split_map());
  SUBCASE("within a range") {
    const auto id = client.call(scan_call{"things", "", "", 3, false});
    give_page(client, client.take(), {"a", "b"});
    const auto attempt = client.take();
    CHECK(std::get<scan>(attempt.what.what).limit == 1);
    give_page(client, attempt, {"g"}, true);
    CHECK(keys_of(client.outcome_of(id)) == "a b g more");
  }
  SUBCASE("at the end of a range") {
    const auto id = client.call(scan_call{"things", "", "", 2, false});
    give_page(client, client.take(), {"a", "b"});
    CHECK(keys_of(client.outcome_of(id)) == "a b more");
  }
  SUBCASE("at the end of the space") {
    const auto id = client.call(scan_call{"things", "p", "", 1, false});
    give_page(client, client.take(), {"z"});
    CHECK(keys_of(client.outcome_of(id)) == "z end");
  }
}

TEST_CASE("a scan that is refused in the middle keeps what it has") {
  client_under_test client;
  client.give_map(split_map());
  const auto id = client.call(scan_call{"things", "", "h", 0, false});
  give_page(client, client.take(), {"a"});
  client.fail(client.take(), error_code::not_leader, {3});
  give_page(client, client.take(), {"g"});
  CHECK(keys_of(client.outcome_of(id)) == "a g end");
}
