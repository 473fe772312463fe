#include "actors/node/local_gateway.hpp"

#include "actors/router/router_actor.hpp"
#include "actors/system_names.hpp"
#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <vector>

using namespace present;

namespace {

/// A node's own session over a partition and a client that the test plays.
struct gateway_under_test {
  supervision::test::simulated_world world;
  std::shared_ptr<supervision::address_book> book
    = std::make_shared<supervision::address_book>();
  std::shared_ptr<local_gateway> gateway = std::make_shared<local_gateway>(*book);
  std::vector<partition_request> asked;
  std::vector<client::answered> answers;
  std::vector<client::attempt_lost> losses;
  std::vector<std::shared_ptr<supervision::address_slot>> slots;
  caf::actor partition;
  caf::actor router;
  caf::actor client;
  session_actor session;

  gateway_under_test() {
    auto map = std::make_shared<cluster_map>();
    map->epoch = {1};
    map->cluster = "0123456789ab";
    router = caf::actor_cast<caf::actor>(world.system.spawn<router_shell>());
    caf::anon_send(router, map_learned{std::move(map)});
    publish(paths::router, router);
    partition = world.system.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](partition_request& what) { asked.push_back(std::move(what)); }};
    });
    publish(paths::partition(root_partition), partition);
    client = world.system.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](client::attempts_answered& what) {
                answers.insert(answers.end(), what.what.begin(), what.what.end());
              },
              [this](client::attempt_failed& what) { losses.push_back(what.what); }};
    });
    start_session();
  }

  ~gateway_under_test() {
    for (const auto& one : {partition, router, client, caf::actor_cast<caf::actor>(session)})
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    world.run();
  }

  void publish(const std::string& path, const caf::actor& who) {
    slots.push_back(book->slot(path));
    slots.back()->publish(caf::actor_cast<caf::strong_actor_ptr>(who));
  }

  void start_session() {
    session = world.system.spawn<session_shell>(
      std::string{"spiffe://0123456789ab/node/1"}, true, book, gateway);
    publish(paths::own_session, caf::actor_cast<caf::actor>(session));
    world.run();
  }

  static client::send_attempt attempt_of(std::uint64_t attempt) {
    client::send_attempt what;
    what.attempt = attempt;
    what.epoch = {3};
    what.deadline_ms = 500;
    what.what.id = {{7}, {attempt}};
    what.what.what = put{{1}, "k", std::make_shared<const std::string>("v"), always{}};
    return what;
  }
  void send(std::uint64_t attempt) {
    gateway->send(attempt_of(attempt), caf::actor_cast<client::client_actor>(client));
    world.run();
  }
  void send_all(std::vector<client::send_attempt> what) {
    gateway->send_all(std::move(what), caf::actor_cast<client::client_actor>(client));
    world.run();
  }

  void answer(const partition_request& to, hlc_stamp version) {
    auto reply = std::make_shared<response>();
    for (std::size_t place = 0; place < to.what->operations.size(); ++place) {
      present::answer given;
      given.version = {version.value + place};
      reply->answers.push_back(given);
    }
    reply->stamp = version;
    reply->epoch = {4};
    reply->leader = {1};
    caf::anon_send(to.reply_to, partition_response{to.tag, reply});
    world.run();
  }
};

} // namespace

TEST_CASE("an attempt goes to the node's own partition as it is, and its answer back") {
  gateway_under_test node;
  node.send(11);
  node.send(12);
  REQUIRE(node.asked.size() == 2);
  const auto& request = *node.asked[0].what;
  CHECK(request.partition == root_partition);
  CHECK(request.epoch == map_epoch{3});
  CHECK(request.deadline_ms == 500);
  CHECK(request.operations.at(0).id == operation_id{{7}, {11}});
  node.answer(node.asked[1], hlc_stamp{90});
  REQUIRE(node.answers.size() == 1);
  CHECK(node.answers[0].attempt == 12);
  CHECK(node.answers[0].what.version == hlc_stamp{90});
  CHECK(node.answers[0].epoch == map_epoch{4});
  CHECK(node.answers[0].leader == node_id{1});
  CHECK(node.losses.empty());
}

TEST_CASE("several attempts at once are as many requests as their bytes need, and each read is one") {
  gateway_under_test node;
  std::vector<client::send_attempt> all;
  const auto large = std::make_shared<const std::string>(bounds::max_value, 'v');
  const auto fit = bounds::max_request / bounds::max_value;
  for (std::uint64_t n = 1; n <= fit; ++n) {
    all.push_back(node.attempt_of(n));
    std::get<put>(all.back().what.what).value = large;
  }
  all.push_back(node.attempt_of(fit + 1));
  all.back().what.what = get{{1}, "k"};
  node.send_all(all);
  REQUIRE(node.asked.size() == 3);
  CHECK(node.asked[0].what->operations.size() == fit - 1); // keys and names take room, too
  CHECK(node.asked[1].what->operations[0].is_read());
  CHECK(node.asked[2].what->operations.size() == 1);
}

TEST_CASE("steps of commits are in no request that a client's write may keep waiting (P8, P11)") {
  gateway_under_test node;
  auto pushed = node.attempt_of(2);
  pushed.what.what = push{{{7}, {9}}, {{1}, "k"}, {}};
  auto resolved = node.attempt_of(4);
  resolved.what.what = resolve{{{7}, {9}}, true, {}, {}};
  node.send_all({node.attempt_of(1), pushed, node.attempt_of(3), resolved});
  REQUIRE(node.asked.size() == 2);
  for (const auto& each : node.asked)
    CHECK(each.what->operations.size() == 2);
  CHECK(std::holds_alternative<push>(node.asked[1].what->operations[0].what));
  CHECK(std::holds_alternative<resolve>(node.asked[1].what->operations[1].what));
}

TEST_CASE("several attempts at once are one request for each map, and what may wait goes alone") {
  gateway_under_test node;
  auto waits = node.attempt_of(3);
  waits.what.what = keep_lock{{1}, "lock", {5}, 400};
  auto newer = node.attempt_of(4);
  newer.epoch = {4};
  node.send_all({node.attempt_of(1), node.attempt_of(2), waits, newer, node.attempt_of(5)});
  REQUIRE(node.asked.size() == 3);
  CHECK(node.asked[0].what->operations.size() == 1);
  CHECK(node.asked[0].what->operations[0].may_wait());
  CHECK(node.asked[1].what->operations.size() == 3);
  CHECK(node.asked[2].what->epoch == map_epoch{4});
  node.answer(node.asked[1], hlc_stamp{90});
  REQUIRE(node.answers.size() == 3);
  CHECK(node.answers[1].attempt == 2);
  CHECK(node.answers[1].what.version == hlc_stamp{91});
  CHECK(node.answers[2].attempt == 5);
  CHECK(node.losses.empty());
}

TEST_CASE("a session that ends leaves what was under way unknown, and nothing unanswered") {
  gateway_under_test node;
  node.send(1);
  caf::anon_send_exit(node.session, caf::exit_reason::kill);
  node.world.run();
  REQUIRE(node.losses.size() == 1);
  CHECK_FALSE(node.losses[0].never_sent);

  // Its name may still lead to it for a moment.
  node.send(2);
  REQUIRE(node.losses.size() == 2);
  CHECK(node.losses[1].attempt == 2);
  CHECK(node.losses[1].never_sent);

  node.start_session();
  node.send(3);
  CHECK(node.losses.size() == 2);
  CHECK(node.asked.size() == 2);
}

TEST_CASE("the map is the router's; without a session there is none") {
  gateway_under_test node;
  std::optional<cluster_map_ptr> map;
  node.gateway->ask_for_map([&](cluster_map_ptr given) { map = std::move(given); });
  node.world.run();
  REQUIRE(map);
  REQUIRE(*map);
  CHECK((*map)->cluster == "0123456789ab");

  node.publish(paths::own_session, nullptr);
  map.reset();
  node.gateway->ask_for_map([&](cluster_map_ptr given) { map = std::move(given); });
  REQUIRE(map);
  CHECK_FALSE(*map);
}
