#include "tests/actors/client/client_under_test.hpp"

using namespace present;
using namespace present::client;
using namespace present::client::test;

namespace {

const write_name order{.client = {4711}, .place = 2, .fingerprint = 99};

call_id put_named(client_under_test& client, const write_name& name = order) {
  constexpr call_id id = 1'000; // beside those that the fixture gives
  client.hear(called{id, put_call{"things", "k", nullptr, always{}}, 0, name, {}});
  return id;
}

/// What the partition has remembered of this operation.
void repeat(client_under_test& client, const send_attempt& what, error_code code) {
  answer given;
  given.id = what.what.id;
  given.code = code;
  given.known = traits_of(code).known_outcome;
  given.repeated = true;
  client.hear(answered{what.attempt, given, {}, {}, map_epoch{5}, what.to});
}

} // namespace

TEST_CASE("clients that share a write's name ask for the same operation (P4)") {
  client_under_test one{{.id = {7}, .seed = 1}};
  client_under_test other{{.id = {8}, .seed = 2}};
  for (auto* client : {&one, &other}) {
    client->give_map();
    put_named(*client);
  }
  const auto first = one.take();
  const auto second = other.take();
  CHECK(first.what.id == second.what.id);
  CHECK(first.what.id.client == client_id{4711});
  CHECK(first.what.fingerprint == 99);
  CHECK(first.what.retry_until == hlc_stamp::of(one.wall_ms + name_lives_ms, 0));
  // The session is everybody's: nobody can say that it needs no answers.
  CHECK(first.what.acked_below == operation_number{0});
}

TEST_CASE("writes of one name differ by their place, and take no number of the session") {
  client_under_test client;
  client.give_map();
  put_named(client);
  const auto named = client.take();
  CHECK(named.what.id.number == operation_number{3});
  client.put();
  const auto numbered = client.take();
  CHECK(numbered.what.id == operation_id{{7}, {1}});
  CHECK(numbered.what.fingerprint == 0);
  client.succeed(named);
  client.succeed(numbered);
  client.put();
  CHECK(client.take().what.acked_below == operation_number{2});
}

TEST_CASE("a named write that was refused at the door may have been applied before (P5)") {
  client_under_test client;
  client.give_map();
  const auto id = put_named(client);
  while (client.is_open(id)) {
    while (!client.sent.empty())
      client.fail(client.take(), error_code::overloaded, {}, 30);
    if (client.is_open(id))
      client.wake();
  }
  const auto& problem = client.outcome_of(id).problem;
  CHECK(problem.code == error_code::overloaded);
  CHECK(problem.retry_after_ms == 30);
  CHECK(problem.known == outcome::unknown);
}

TEST_CASE("a verdict on a named write is its own, whoever heard it first") {
  client_under_test client;
  client.give_map();
  const auto id = put_named(client);
  repeat(client, client.take(), error_code::version_conflict);
  CHECK(client.outcome_of(id).problem.code == error_code::version_conflict);
  CHECK(client.outcome_of(id).problem.known == outcome::not_applied);
}

TEST_CASE("a name keeps its id when the client's clock was behind: nothing is remembered") {
  client_under_test client;
  client.give_map();
  put_named(client);
  const auto first = client.take();
  const auto ahead = hlc_stamp::of(client.wall_ms + 2 * name_lives_ms, 0);
  client.refuse(first, error_code::session_expired, ahead);
  client.wake();
  const auto second = client.take();
  CHECK(second.what.id == first.what.id);
  CHECK(second.what.retry_until == hlc_stamp::of(ahead.wall_ms() + name_lives_ms, 0));
}

TEST_CASE("a name means nothing for a read, and to a space that isn't there") {
  client_under_test client;
  client.give_map();
  client.hear(called{1, get_call{"things", "k"}, 0, order, {}});
  CHECK(client.take().what.fingerprint == 0);
  client.hear(called{2, put_call{"nowhere", "k", nullptr, always{}}, 0, order, {}});
  client.give_map();
  CHECK(client.outcome_of(2).problem.code == error_code::unknown_space);
  CHECK(client.outcome_of(2).problem.known == outcome::not_applied);
}

// -- stale reads, traces ---------------------------------------------------------------

TEST_CASE("a stale read goes to the node nearby, then to any other, and forgets no leader") {
  client_under_test client{{.id = {7}, .seed = 1, .near = {3}}};
  client.give_map();
  const auto id = client.call(get_call{"things", "k", true});
  auto attempt = client.take();
  CHECK(attempt.to == node_id{3});
  CHECK(attempt.what.is_stale_read());
  client.fail(attempt, error_code::no_quorum); // no replica there
  attempt = client.take();
  const auto next = attempt.to;
  client.hear(attempt_lost{attempt.attempt});
  client.wake();
  attempt = client.take();
  CHECK(attempt.to != next);
  client.hear(answered{attempt.attempt, {}, {}, {}, map_epoch{5}, node_id{1}});
  CHECK(client.outcome_of(id).problem.code == error_code::ok);
  client.get();
  CHECK(client.take().to == node_id{1});
}

TEST_CASE("an error names its trace: the caller's, else one of its own") {
  client_under_test client;
  client.give_map();
  const observe::trace_context trace{1, 2, 3, true};
  client.hear(called{1, get_call{"things", "k"}, 0, {}, trace});
  const auto attempt = client.take();
  CHECK(attempt.trace == trace);
  client.refuse(attempt, error_code::not_found);
  CHECK(client.outcome_of(1).problem.trace_id == "00000000000000010000000000000002");
  client.hear(called{2, get_call{"things", "k"}, 0, {}, {}});
  client.hear(called{3, get_call{"things", "k"}, 0, {}, {}});
  const auto second = client.take();
  const auto third = client.take();
  CHECK(bool{second.trace});
  CHECK(second.trace != third.trace);
  CHECK_FALSE(second.trace.sampled);
}
