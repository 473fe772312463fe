#include "tests/actors/client/client_under_test.hpp"

#include <set>

using namespace present;
using namespace present::client;
using namespace present::client::test;

namespace {

constexpr std::uint32_t patience_ms = 500;

acquire_call claiming(std::string key, std::uint64_t claim) {
  return {"things", std::move(key), {claim}, 1000, true, "me", nullptr, true};
}

/// Keys below "m" are partition 1's, the others `upper`'s.
cluster_map two_partitions(partition_id upper = {2}) {
  auto map = small_map();
  map.epoch = {upper.value + 5u};
  map.partitions.push_back({.partition = {1}, .members = {{1}, {2}, {3}}});
  map.partitions.push_back({.partition = {2}, .members = {{1}, {2}, {3}}});
  map.ranges = {{{1}, "", {1}}, {{1}, "m", upper}};
  map.leaders = {{root, {1}}, {{1}, {2}}, {{2}, {3}}};
  return map;
}

void hold(client_under_test& client, std::string key, std::uint64_t claim) {
  client.call(claiming(std::move(key), claim));
  client.succeed(client.take(), {claim});
}

void close(client_under_test& client) {
  client.hear(session_closing{patience_ms});
}

} // namespace

TEST_CASE("a session without locks ends at once, and asks nobody (I7)") {
  client_under_test client;
  client.give_map();
  hold(client, "lock", 1);
  client.call(release_call{"things", "lock", {1}});
  client.succeed(client.take());
  client.call(claiming("taken", 2));
  client.refuse(client.take(), error_code::version_conflict); // it wasn't taken
  hold(client, "lapsed", 3);
  client.call(keep_call{"things", "lapsed", {3}, 0});
  client.refuse(client.take(), error_code::fenced);
  client.call(acquire_call{"things", "of nobody", {4}, 1000, true, "me", nullptr});
  client.succeed(client.take());
  close(client);
  CHECK(client.ended == 1);
  CHECK(client.sent.empty());
  close(client);
  CHECK(client.ended == 1);
}

TEST_CASE("each partition that may have locks of it hears once of a session's end (I7)") {
  client_under_test client;
  client.give_map(two_partitions());
  hold(client, "a", 1);
  hold(client, "b", 2);
  client.call(claiming("x", 3)); // nobody knows yet
  const auto unanswered = client.take();
  close(client);
  REQUIRE(client.sent.size() == 2);
  std::set<partition_id> told;
  for (const auto& each : client.sent) {
    CHECK(std::holds_alternative<end_session>(each.what.what));
    CHECK(each.what.id.client == client_id{7});
    CHECK(each.what.retry_until >= unanswered.what.retry_until);
    told.insert(each.partition);
  }
  CHECK(told == std::set<partition_id>{{1}, {2}});
  client.succeed(client.take());
  CHECK(client.ended == 0);
  client.succeed(client.take());
  CHECK(client.ended == 1);
}

TEST_CASE("an end may be retried for as long as any claim that was asked for (S6)") {
  client_under_test client;
  client.give_map();
  client.call(claiming("lock", 1), 600'000);
  const auto patient = client.take();
  client.succeed(patient);
  close(client);
  CHECK(client.take().what.retry_until == patient.what.retry_until);
}

TEST_CASE("with its session's end a client's open calls end, and no other begins (I7)") {
  client_under_test client;
  client.give_map();
  const auto sent = client.put("sent");
  client.take();
  hold(client, "lock", 1);
  const auto reading = client.get();
  client.take();
  close(client);
  CHECK(client.outcome_of(sent).problem.code == error_code::unknown_outcome);
  CHECK(client.outcome_of(sent).problem.known == outcome::unknown);
  CHECK(client.outcome_of(reading).problem.code == error_code::session_expired);
  const auto late = client.call(claiming("lock", 2));
  CHECK(client.outcome_of(late).problem.code == error_code::session_expired);
  CHECK(client.outcome_of(late).problem.known == outcome::not_applied);
  CHECK(client.outcome_of(late).problem.message == "the client's session has ended");
  CHECK(client.sent.size() == 1); // its end
}

TEST_CASE("an end follows leaders, and its locks to where they have gone (I7)") {
  client_under_test client;
  client.give_map(two_partitions({1})); // all are partition 1's
  hold(client, "a", 1);
  hold(client, "x", 2);
  close(client);
  auto first = client.take();
  CHECK(client.sent.empty());
  client.fail(first, error_code::not_leader, {3});
  first = client.take();
  CHECK(first.to == node_id{3});
  client.give_map(two_partitions({2})); // meanwhile "x" has gone to partition 2
  REQUIRE(client.sent.size() == 1);
  CHECK(client.sent.front().partition == partition_id{2});
  client.succeed(first);
  CHECK(client.ended == 0);
  client.succeed(client.take());
  CHECK(client.ended == 1);
}

TEST_CASE("a session's end waits for nobody beyond its patience (I7)") {
  client_under_test client;
  client.give_map();
  hold(client, "lock", 1);
  close(client);
  client.take();
  client.pass(patience_ms - 1);
  CHECK(client.ended == 0);
  client.pass(1);
  CHECK(client.ended == 1);
  CHECK_FALSE(client.machine.next_wake());
}
