#include "actors/client/gateway_link.hpp"
#include "actors/membership/map_codec.hpp"
#include "runtime/network/error_codec.hpp"
#include "tests/runtime/network/loopback.hpp"

#include <doctest/doctest.h>

#include <future>

using namespace present;
using namespace present::network::test;

namespace {

/// What a node's actors would decide: all of it on the network thread.
struct node_mood {
  std::uint64_t sessions = 0; ///< opened so far
  std::uint64_t refusals = 0; ///< to come: "the node is starting"
  bool session_is_over = false;
};

/// A session that ends when the node's mood says so, as `network_door` does.
class moody_session final : public schema::Session::Server {
public:
  moody_session(node_mood& mood, std::uint64_t number) : mood_(mood), number_(number) {}

  kj::Promise<void> map(MapContext context) override {
    KJ_REQUIRE(!mood_.session_is_over || number_ != mood_.sessions, "the session has ended");
    cluster_map known;
    known.epoch = {number_};
    encode_map(known, context.getResults().initMap());
    return kj::READY_NOW;
  }

private:
  node_mood& mood_;
  const std::uint64_t number_;
};

class moody_gate final : public schema::Gate::Server {
public:
  explicit moody_gate(node_mood& mood) : mood_(mood) {}

  kj::Promise<void> client(ClientContext context) override {
    if (mood_.refusals > 0) {
      --mood_.refusals;
      encode_error(make_error(error_code::overloaded, "the node is starting"),
                   context.getResults().initError());
      return kj::READY_NOW;
    }
    mood_.session_is_over = false;
    context.getResults().initHello().setNode(1);
    context.getResults().setSession(kj::heap<moody_session>(mood_, ++mood_.sessions));
    return kj::READY_NOW;
  }

private:
  node_mood& mood_;
};

/// A node without actors, and a client's link to it.
struct one_node {
  explicit one_node(std::uint64_t refusals = 0) {
    mood.refusals = refusals;
    const auto authority = authority_of(domain);
    const auto port = there.run([&](network::network_loop& loop) {
      auto tls = load_tls(loop, node_material(authority, 1));
      return need(network::open_rpc_listener(
                    loop, {"127.0.0.1", 0}, tls,
                    [this](const network::connection_facts&, auto) -> capnp::Capability::Client {
                      return kj::heap<moody_gate>(mood);
                    }))
        ->port();
    });
    thread.run([&](network::network_loop& loop) -> status {
      network::rpc_link_options options;
      options.address = "127.0.0.1:" + std::to_string(port);
      options.lapse_ms = 60'000; // nothing here is ended by that
      options.expected_name = network::node_dns_name(domain, {1});
      link = &loop.host<client::gateway_link>(
        loop, load_tls(loop, client_material(authority, "test")), options, domain, node_id{1});
      return success();
    });
  }

  /// The number of the session that answered; 0: the call failed.
  std::uint64_t call() {
    return settle<std::uint64_t>(thread, [this](network::network_loop&) {
      return link->wait_until_up().then([this] { return link->fetch_map(); })
        .then([](cluster_map_ptr map) { return map->epoch.value; },
              [](kj::Exception&&) { return std::uint64_t{0}; });
    });
  }

  node_mood mood; ///< its thread's
  client::gateway_link* link = nullptr;
  log_lines lines;
  // They end before what they use.
  network::network_thread there{lines.sink()};
  network::network_thread thread{lines.sink()};
};

} // namespace

TEST_CASE("a session that has ended on the node is opened anew, on the same connection") {
  one_node with;
  CHECK(with.call() == 1);
  with.there.run([&](network::network_loop&) -> status {
    with.mood.session_is_over = true;
    return success();
  });
  CHECK(with.call() == 0); // it ends under this call
  CHECK(with.call() == 2);
}

TEST_CASE("a node that refuses a session because it is starting is asked again") {
  one_node with(3);
  CHECK(with.call() == 1);
  CHECK(with.lines.wait_for("refuses: the node is starting"));
}

TEST_CASE("a node that stands still loses what waits for it, and is used again when it wakes up") {
  one_node with;
  REQUIRE(with.call() == 1);
  std::promise<void> stands_still, wakes_up;
  with.there.post([&, until = wakes_up.get_future().share()](network::network_loop&) {
    stands_still.set_value();
    until.wait();
  });
  stands_still.get_future().wait(); // else the call may be answered first
  CHECK(with.call() == 0);
  CHECK(with.lines.wait_for("node 1 has fallen silent"));
  const auto is_up = [&] {
    return with.thread.run([&](network::network_loop&) { return with.link->is_up(); });
  };
  CHECK_FALSE(is_up());
  wakes_up.set_value();
  CHECK(with.call() == 1); // in the same session: the connection stands
  CHECK(with.lines.wait_for("node 1 is heard again"));
  CHECK(is_up());
}
