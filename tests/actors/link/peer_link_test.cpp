#include "actors/link/peer_link.hpp"
#include "runtime/network/error_codec.hpp"
#include "tests/runtime/network/loopback.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <doctest/doctest.h>

using namespace present;
using namespace present::network::test;

namespace {

/// Refuses its peer as often as it is told to, the last time by an exception.
class refusing_gate final : public schema::Gate::Server {
public:
  explicit refusing_gate(std::uint32_t& refusals) : refusals_(refusals) {}

  kj::Promise<void> peer(PeerContext context) override {
    if (refusals_ == 1) {
      --refusals_;
      KJ_FAIL_REQUIRE("the gate is broken");
    }
    if (refusals_ > 1) {
      --refusals_;
      encode_error(make_error(error_code::denied, "nobody knows you yet"),
                   context.getResults().initError());
      return kj::READY_NOW;
    }
    context.getResults().initHello().setStore(77);
    context.getResults().setPeer(kj::heap<unmoved_peer>());
    return kj::READY_NOW;
  }

private:
  class unmoved_peer final : public schema::Peer::Server {};

  std::uint32_t& refusals_;
};

link_actor::behavior_type listening(mailbox<store_id>& ups) {
  return {[](const link_send&) {}, [&ups](const link_up& what) { ups.put(what.store); },
          [](link_down) {}, [](link_drained) {}, [](const link_offer&) {}, [](link_ask) {}};
}

} // namespace

TEST_CASE("a peer that refuses us is asked again while the connection stands") {
  std::uint32_t refusals = 4;
  mailbox<store_id> ups;
  log_lines lines;
  caf::actor_system_config settings;
  caf::actor_system system{settings};
  const auto listener = system.spawn([&ups]() { return listening(ups); });
  const auto authority = authority_of(domain);
  network::network_thread thread{lines.sink()};
  thread.run([&](network::network_loop& loop) {
    const auto served = need(network::open_rpc_listener(
      loop, {"127.0.0.1", 0}, load_tls(loop, node_material(authority, 1)),
      [&](const network::connection_facts&, auto) -> capnp::Capability::Client {
        return kj::heap<refusing_gate>(refusals);
      }));
    network::rpc_link_options options;
    options.address = "127.0.0.1:" + std::to_string(served->port());
    options.expected_name = network::node_dns_name(domain, {1});
    loop.host<peer_link>(loop, load_tls(loop, node_material(authority, 2)), options,
                         node_greeting{domain, {2}, {5}, 1}, node_id{1}, listener);
  });
  CHECK(ups.take() == store_id{77});
  CHECK(lines.wait_for("node 1 refuses us: nobody knows you yet"));
  CHECK(lines.wait_for("the gate is broken"));
  CHECK(thread.run([&](network::network_loop&) { return refusals; }) == 0);
  CHECK(ups.empty());
}
