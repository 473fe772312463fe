#include "actors/session/session_actor.hpp"
#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

using namespace present;
using supervision::test::simulated_world;

namespace {

/// Holds its session, as the network's end of a connection does.
struct holding_route final : session_route {
  void reply(std::uint64_t, std::shared_ptr<const response>) override {}
  void reply_map(std::uint64_t, result<cluster_map_ptr>) override {}
  void ended() override { ++ends; }

  session_actor session;
  int ends = 0;
};

} // namespace

TEST_CASE("a session that has ended is freed, though its connection holds it and it the connection") {
  simulated_world world;
  const auto route = std::make_shared<holding_route>();
  route->session = world.system.spawn<session_shell>(
    "spiffe://x/client/1", false, std::make_shared<supervision::address_book>(), route);
  world.run();
  caf::anon_send(route->session, session_closed{});
  world.run();
  CHECK(route->ends == 1);
  CHECK(route.use_count() == 1); // the session has let go
}
