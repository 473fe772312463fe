#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::supervision;

namespace {

using echo_handle = caf::typed_actor<caf::replies_to<int>::with<int>,
                                     caf::reacts_to<std::string>>;

struct echo_state {
  int seen = 0;
};

echo_handle::behavior_type echo(stateful<echo_state, echo_handle>* self) {
  self->describe_with([self] {
    return details{{"seen", std::to_string(self->state.seen)}};
  });
  return {
    [self](int value) {
      ++self->state.seen;
      if (value < 0)
        throw std::runtime_error("no negative numbers");
      return value;
    },
    [](const std::string&) {},
  };
}

/// Waits, deaf to all else, for an answer that `journal` owes it.
class waiting_shell final : public measured_actor<echo_handle> {
public:
  waiting_shell(caf::actor_config& config, caf::actor journal)
      : measured(config), journal_(std::move(journal)) {}

  echo_handle::behavior_type make_behavior() override {
    request(journal_, caf::infinite, 1).await([](int) {});
    journal_ = nullptr;
    return {[](int value) { return value; }, [](const std::string&) {}};
  }

private:
  caf::actor journal_;
};

struct quiet_log {
  std::vector<std::string> lines;
  quiet_log() {
    edge::redirect_log([this](edge::log_level, std::string_view line) {
      lines.emplace_back(line);
    });
  }
  ~quiet_log() { edge::redirect_log({}); }
};

} // namespace

TEST_CASE("an actor counts what it handles and what waits") {
  test::simulated_world world;
  const auto actor = world.system.spawn(echo);
  for (int i = 0; i < 5; ++i)
    caf::anon_send(actor, "hello");
  auto& meter = static_cast<measured_actor<echo_handle>*>(
                  caf::actor_cast<caf::abstract_actor*>(actor))
                  ->meter();
  CHECK(meter.mailbox() == 5);
  CHECK(meter.handled() == 0);
  world.run();
  CHECK(meter.mailbox() == 0);
  CHECK(meter.handled() == 5);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  world.run();
}

TEST_CASE("an actor describes itself, whatever its contract says") {
  test::simulated_world world;
  const auto actor = world.system.spawn(echo);
  CHECK(world.ask<int>(actor, 3) == 3);
  const auto said = world.ask<description>(actor, describe_request{});
  REQUIRE(said);
  CHECK(said->kind == "unsupervised");
  CHECK(said->state == "running");
  CHECK(said->mailbox == 0); // the question itself is no mail that waits
  CHECK(said->more == details{{"seen", "1"}});
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  world.run();
}

TEST_CASE("a description asked for without priority comes all the same") {
  test::simulated_world world;
  const auto actor = world.system.spawn(echo);
  caf::scoped_actor self{world.system};
  auto pending = self->request(caf::actor_cast<caf::actor>(actor),
                               caf::infinite, describe_request{});
  world.run();
  REQUIRE(self->has_next_message());
  pending.receive([](description& said) { CHECK(said.state == "running"); },
                  [](const caf::error&) { FAIL("refused"); });
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  world.run();
}

TEST_CASE("an exception in a handler is the actor's crash, with its text") {
  quiet_log log;
  test::simulated_world world;
  const auto actor = world.system.spawn(echo);
  caf::error reason;
  caf::actor_cast<caf::strong_actor_ptr>(actor)->get()->attach_functor(
    [&](const caf::error& why) { reason = why; });
  CHECK_FALSE(world.ask<int>(actor, -1));
  CHECK(world.system.render(reason).find("no negative numbers")
        != std::string::npos);
  REQUIRE(log.lines.size() == 1);
  CHECK(log.lines.front().find("no negative numbers") != std::string::npos);
}

TEST_CASE("an actor that is killed while it awaits an answer ends at once") {
  test::simulated_world world;
  caf::response_promise owed;
  const auto silent = world.system.spawn([&owed](caf::event_based_actor* self) {
    return caf::behavior{[self, &owed](int) { return owed = self->make_response_promise(); }};
  });
  const auto actor = world.system.spawn<waiting_shell>(silent);
  bool gone = false;
  caf::actor_cast<caf::strong_actor_ptr>(actor)->get()->attach_functor(
    [&gone](const caf::error&) { gone = true; });
  world.run();
  REQUIRE(owed.pending());
  actor->enqueue(nullptr, caf::make_message_id(caf::message_priority::high),
                 caf::make_message(caf::exit_msg{actor.address(), caf::exit_reason::kill}),
                 nullptr);
  world.run();
  CHECK(gone);
  owed.deliver(1);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  world.run();
}

TEST_CASE("an unexpected message is answered with an error and survived") {
  quiet_log log;
  test::simulated_world world;
  const auto actor = world.system.spawn(echo);
  CHECK_FALSE(world.ask<int>(caf::actor_cast<caf::actor>(actor), 1.5));
  CHECK(world.ask<int>(actor, 4) == 4);
  CHECK(log.lines.size() == 1);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  world.run();
}

TEST_CASE("a full mailbox refuses requests and drops mail, but not what matters") {
  test::simulated_world world;
  const auto actor = world.system.spawn(echo);
  auto& base = *static_cast<measured_actor<echo_handle>*>(
    caf::actor_cast<caf::abstract_actor*>(actor));
  base.limit_mailbox(3);
  for (int i = 0; i < 10; ++i)
    caf::anon_send(actor, "hello");
  CHECK(base.meter().mailbox() == 3);
  CHECK(base.meter().refused() == 7);

  caf::scoped_actor self{world.system};
  self->request(actor, caf::infinite, 1)
    .receive([](int) { FAIL("it was full"); },
             [&](const caf::error& why) {
               INFO(world.system.render(why));
               CHECK(is_mailbox_full(why));
             });
  // Ahead of the rest, and let in.
  const auto said = world.ask<description>(actor, describe_request{});
  CHECK(said);
  CHECK(world.ask<int>(actor, 5) == 5);
  CHECK_FALSE(is_mailbox_full(caf::sec::request_receiver_down));

  for (int i = 0; i < 10; ++i)
    caf::anon_send(actor, "hello");
  bool gone = false;
  caf::actor_cast<caf::strong_actor_ptr>(actor)->get()->attach_functor(
    [&](const caf::error&) { gone = true; });
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  world.run();
  CHECK(gone);
}
