#include "actors/client/client_actor.hpp"
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

} // namespace

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
