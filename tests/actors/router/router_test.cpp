#include "actors/router/router_actor.hpp"

#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace present;

namespace {

using seen_epochs = std::vector<std::uint64_t>;

map_listener::behavior_type follower(map_listener::pointer, seen_epochs* seen) {
  return {[seen](const map_learned& what) { seen->push_back(what.map->epoch.value); }};
}

map_learned map_of_epoch(std::uint64_t epoch) {
  auto map = std::make_shared<cluster_map>();
  map->epoch = map_epoch{epoch};
  return {std::move(map)};
}

} // namespace

TEST_CASE("a replica hears of the map though nobody finds it by its name yet") {
  supervision::test::simulated_world world;
  const auto router = world.system.spawn<router_shell>();
  seen_epochs first, second;
  const auto early = world.system.spawn(follower, &first);
  const auto late = world.system.spawn(follower, &second);
  caf::anon_send(router, follow_map{partition_id{1}, early});
  world.run();
  CHECK(first.empty());
  caf::anon_send(router, map_of_epoch(3));
  caf::anon_send(router, follow_map{partition_id{2}, late});
  caf::anon_send(router, map_of_epoch(2)); // older: changes nothing
  caf::anon_send(router, map_of_epoch(4));
  world.run();
  CHECK(first == seen_epochs{3, 4});
  CHECK(second == seen_epochs{3, 4});
  caf::anon_send_exit(router, caf::exit_reason::kill);
  world.run();
}

TEST_CASE("a partition's next replica follows in the last one's place, which is not held") {
  supervision::test::simulated_world world;
  const auto router = world.system.spawn<router_shell>();
  caf::anon_send(router, map_of_epoch(1));
  seen_epochs first, second;
  auto before = world.system.spawn(follower, &first);
  const auto last = caf::actor_cast<caf::weak_actor_ptr>(before);
  caf::anon_send(router, follow_map{partition_id{1}, before});
  before = world.system.spawn(follower, &second);
  world.run();
  CHECK_FALSE(last.lock());
  caf::anon_send(router, follow_map{partition_id{1}, before});
  caf::anon_send(router, map_of_epoch(2));
  world.run();
  CHECK(first == seen_epochs{1});
  CHECK(second == seen_epochs{1, 2});
  caf::anon_send_exit(router, caf::exit_reason::kill);
  world.run();
}
