#include "actors/client/client_actor.hpp"
#include "actors/client/packed_parts.hpp"
#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::client;
using supervision::test::simulated_world;

namespace {

struct silent_route final : client_route {
  void send(const send_attempt&, const client_actor&) override {}
  void fetch_map(node_id, const client_actor&) override {}
};

struct batch_ear final : batch_listener {
  void completed(batch_outcome given) override { how = std::move(given); }
  std::optional<batch_outcome> how;
};

} // namespace

TEST_CASE("a batch is answered at once, and in the order of its calls; killed, as unknown") {
  simulated_world world;
  settings options;
  options.id = {7};
  const auto asked = world.system.spawn<client_shell>(options, std::make_shared<silent_route>());
  batch_call what;
  what.calls = {get_call{"accounts", "alice"}, put_call{"accounts", "bob", nullptr, always{}}};
  const auto heard = std::make_shared<batch_ear>();
  caf::anon_send(asked, routed_batch{what, heard});
  caf::anon_send(asked, routed_batch{{}, std::make_shared<batch_ear>()});
  caf::scoped_actor caller{world.system};
  auto pending = caller->request(asked, caf::infinite, what);
  world.run();
  CHECK_FALSE(heard->how);
  caf::anon_send_exit(asked, caf::exit_reason::kill);
  world.run();
  REQUIRE(heard->how);
  REQUIRE(heard->how->outcomes.size() == 2);
  for (const auto& one : heard->how->outcomes)
    CHECK(one.problem.code == error_code::unknown_outcome);
  REQUIRE(caller->has_next_message());
  pending.receive([](batch_outcome& how) { CHECK(how.outcomes.size() == 2); },
                  [](const caf::error&) { FAIL("no outcome"); });
}

TEST_CASE("an empty batch is complete at once") {
  simulated_world world;
  const auto asked
    = world.system.spawn<client_shell>(settings{}, std::make_shared<silent_route>());
  const auto heard = std::make_shared<batch_ear>();
  caf::anon_send(asked, routed_batch{{}, heard});
  world.run();
  REQUIRE(heard->how);
  CHECK(heard->how->outcomes.empty());
  caf::anon_send_exit(asked, caf::exit_reason::kill);
}

namespace {

struct gathering_route final : client_route {
  void send(const send_attempt& what, const client_actor&) override { sent.push_back({what}); }
  void send_all(std::vector<send_attempt> what, const client_actor&) override {
    sent.push_back(std::move(what));
  }
  void fetch_map(node_id, const client_actor& asker) override {
    auto map = std::make_shared<cluster_map>();
    map->epoch = {1};
    map->spaces = {{"accounts", {1}}};
    map->ranges = {{{1}, "", {1}}};
    map->leaders = {{{1}, {2}}};
    caf::anon_send(asker, map_fetched{{2}, std::move(map)});
  }
  std::vector<std::vector<send_attempt>> sent;
};

operation resolving(std::uint64_t number) {
  operation what;
  what.what = resolve{{{9}, {number}}, true, {3}, {9}};
  return what;
}

} // namespace

TEST_CASE("parts of transactions are asked together, and answered each under its ticket") {
  simulated_world world;
  const auto route = std::make_shared<gathering_route>();
  const auto asked = world.system.spawn<client_shell>(settings{.id = {7}}, route);
  std::vector<parts_answered> heard;
  const auto ear = world.system.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](parts_answered& what) { heard.push_back(std::move(what)); }};
  });
  const auto part = [](const char* key) {
    operation what;
    what.what = push{{{9}, {1}}, {{1}, key}, {5}};
    return part_call{{{1}, key}, std::make_shared<const operation>(what)};
  };
  caf::anon_send(asked, ask_parts{{{11, part("a")}, {12, part("b")}}, 1'000,
                                  caf::actor_cast<parts_listener>(ear)});
  world.run();
  REQUIRE(route->sent.size() == 1);
  REQUIRE(route->sent[0].size() == 2);
  attempts_answered said;
  for (const auto& one : route->sent[0])
    said.what.push_back({one.attempt, {}, {}, {5}, {1}, {2}});
  caf::anon_send(asked, said);
  world.run();
  REQUIRE(heard.size() == 1);
  REQUIRE(heard[0].what.size() == 2);
  CHECK(heard[0].what[0].first == 11);
  CHECK(heard[0].what[1].first == 12);
  CHECK(heard[0].what[1].second.problem.code == error_code::ok);
  caf::anon_send_exit(asked, caf::exit_reason::kill);
  caf::anon_send_exit(ear, caf::exit_reason::kill);
  world.run();
}

TEST_CASE("steps that may join go as one operation to each partition, and are answered each") {
  const auto step = [](std::uint64_t number, const char* key, bool may_join) {
    return std::pair{number, part_call{{{1}, key},
                                       std::make_shared<const operation>(resolving(number)),
                                       may_join}};
  };
  const auto of_map = [](const anchor& where) -> std::optional<partition_id> {
    if (where.key == "?")
      return std::nullopt;
    return partition_id{where.key < "m" ? 1U : 2U};
  };
  auto packed = pack_parts({step(1, "a", true), step(2, "z", true), step(3, "b", false),
                            step(4, "c", true), step(5, "?", true), step(6, "d", true)},
                           of_map);
  REQUIRE(packed.size() == 4);
  CHECK(packed[0].ticket == 1);
  CHECK(packed[0].more == std::vector<std::uint64_t>{4, 6});
  const auto& all = std::get<aftermath>(packed[0].what.what->what);
  REQUIRE(all.resolved.size() == 3);
  CHECK(all.resolved[0].transaction.number.value == 1);
  CHECK(all.resolved[1].transaction.number.value == 4);
  CHECK(all.resolved[2].transaction.number.value == 6);
  CHECK(packed[0].what.also == std::vector<anchor>{{{1}, "c"}, {{1}, "d"}});
  for (std::size_t n = 1; n < packed.size(); ++n) {
    CHECK(packed[n].more.empty());
    CHECK(std::holds_alternative<resolve>(packed[n].what.what->what));
  }
}

TEST_CASE("what went as one operation is answered under each ticket, once, a refusal too") {
  simulated_world world;
  const auto route = std::make_shared<gathering_route>();
  const auto asked = world.system.spawn<client_shell>(settings{.id = {7}}, route);
  std::map<std::uint64_t, std::vector<error_code>> heard;
  const auto ear = world.system.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](parts_answered& what) {
      for (auto& [ticket, how] : what.what)
        heard[ticket].push_back(how.problem.code);
    }};
  });
  const auto ask = [&](std::vector<std::uint64_t> tickets) {
    ask_parts all{{}, 1'000, caf::actor_cast<parts_listener>(ear)};
    for (const auto ticket : tickets)
      all.what.emplace_back(
        ticket, part_call{{{1}, "k" + std::to_string(ticket)},
                          std::make_shared<const operation>(resolving(ticket)), true});
    caf::anon_send(asked, std::move(all));
    world.run();
  };
  const auto answer_all = [&](const answer& given) {
    attempts_answered said;
    for (const auto& sent : std::exchange(route->sent, {}))
      for (const auto& one : sent)
        said.what.push_back({one.attempt, given, {}, {5}, {1}, {2}});
    caf::anon_send(asked, said);
    world.run();
  };
  ask({1, 2}); // before there is a map: each alone
  REQUIRE(route->sent.size() == 1);
  CHECK(route->sent[0].size() == 2);
  answer_all({});
  ask({3, 4, 5});
  REQUIRE(route->sent.size() == 1);
  REQUIRE(route->sent[0].size() == 1);
  CHECK(std::get<aftermath>(route->sent[0][0].what.what).resolved.size() == 3);
  answer_all({});
  for (std::uint64_t ticket = 1; ticket <= 5; ++ticket)
    CHECK(heard[ticket] == std::vector<error_code>{error_code::ok});
  ask({6, 7});
  answer later; // a later entry will do
  later.code = error_code::transaction_conflict;
  later.known = outcome::not_applied;
  later.holder = std::make_shared<const lock_holder>();
  answer_all(later);
  for (const std::uint64_t ticket : {6, 7})
    CHECK(heard[ticket] == std::vector<error_code>{error_code::transaction_conflict});
  caf::anon_send_exit(asked, caf::exit_reason::kill);
  caf::anon_send_exit(ear, caf::exit_reason::kill);
  world.run();
}

TEST_CASE("no more are joined than one operation may tell of") {
  std::vector<std::pair<std::uint64_t, part_call>> parts;
  operation what;
  what.what = forget{{{9}, {1}}, {{1}, "k"}};
  for (std::uint64_t n = 0; n < 2 * bounds::max_aftermath + 1; ++n)
    parts.emplace_back(n, part_call{{{1}, "k"}, std::make_shared<const operation>(what), true});
  const auto packed = pack_parts(std::move(parts), [](const anchor&) {
    return std::optional{partition_id{1}};
  });
  REQUIRE(packed.size() == 3);
  CHECK(std::get<aftermath>(packed[0].what.what->what).known.size() == bounds::max_aftermath);
  CHECK(std::get<aftermath>(packed[1].what.what->what).known.size() == bounds::max_aftermath);
  CHECK(std::holds_alternative<forget>(packed[2].what.what->what));
}

TEST_CASE("a client that is killed with calls open is freed, and its callers hear of it") {
  simulated_world world;
  settings options;
  options.id = {7};
  auto asked = world.system.spawn<client_shell>(options, std::make_shared<silent_route>());
  const auto watched = caf::actor_cast<caf::weak_actor_ptr>(asked);
  caf::scoped_actor caller{world.system};
  auto pending = caller->request(asked, caf::infinite, get_call{"accounts", "alice"});
  world.run();
  caf::anon_send_exit(asked, caf::exit_reason::kill);
  world.run();
  REQUIRE(caller->has_next_message());
  bool failed = false;
  pending.receive([](outcome_of_call&) {}, [&](const caf::error&) { failed = true; });
  CHECK(failed);
  asked = nullptr;
  world.advance_ms(60'000); // its timers hold it, too
  CHECK_FALSE(watched.lock());
}

namespace {

/// Grants every lock, and notes the order of what is asked.
struct granting_route final : client_route {
  void send(const send_attempt& what, const client_actor& from) override {
    asked.push_back(what.what);
    answer given;
    given.id = what.what.id;
    given.version = {7};
    caf::anon_send(from, attempts_answered{{{what.attempt, given, {}, {7}, {1}, what.to}}});
  }
  void fetch_map(node_id, const client_actor& asker) override {
    cluster_map map;
    map.epoch = {1};
    map.nodes = {{{1}, {1}, storage::node_state::active, "", ""}};
    map.partitions = {{.partition = {0}, .members = {{1}}}, {.partition = {1}, .members = {{1}}}};
    map.spaces = {{"accounts", {1}}};
    map.ranges = {{{1}, "", {1}}};
    map.leaders = {{{0}, {1}}, {{1}, {1}}};
    caf::anon_send(asker, map_fetched{{1}, std::make_shared<const cluster_map>(std::move(map))});
  }
  std::vector<operation> asked;
};

} // namespace

TEST_CASE("a client that is told to end its session gives up its locks, and says when that is done") {
  simulated_world world;
  settings options;
  options.id = {7};
  const auto route = std::make_shared<granting_route>();
  const auto asked = world.system.spawn<client_shell>(options, route);
  caf::anon_send(asked, timed_call{acquire_call{"accounts", "lock", {1}, 1000, true, "", nullptr, true}});
  world.run();
  REQUIRE(route->asked.size() == 1);
  caf::scoped_actor caller{world.system};
  auto first = caller->request(asked, caf::infinite, end_session_request{});
  auto second = caller->request(asked, caf::infinite, end_session_request{});
  world.run();
  int over = 0;
  first.receive([&](session_over) { ++over; }, [](const caf::error&) {});
  second.receive([&](session_over) { ++over; }, [](const caf::error&) {});
  auto third = caller->request(asked, caf::infinite, end_session_request{});
  world.run();
  third.receive([&](session_over) { ++over; }, [](const caf::error&) {});
  CHECK(over == 3);
  REQUIRE(route->asked.size() == 2);
  CHECK(std::holds_alternative<end_session>(route->asked.back().what));
  caf::anon_send_exit(asked, caf::exit_reason::kill);
}
