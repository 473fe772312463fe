#include "runtime/network/rpc_link.hpp"

#include "tests/runtime/network/loopback.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::network;
using namespace present::network::test;

namespace {

/// A server and a link to it, each on a thread of its own, as in two processes.
class pair_of_nodes {
public:
  void serve(const tls_material& with, std::uint16_t port = 0) {
    listener_ = server.run([&](network_loop& loop) {
      listener_options options;
      options.port = port;
      return need(open_rpc_listener(loop, options, load_tls(loop, with),
                                    [this](const connection_facts& facts,
                                           std::shared_ptr<letter_box> letters) {
                                      dialled_from.put(facts.address);
                                      return echo_for_each()(facts, std::move(letters));
                                    }));
    });
    port_ = listener_->port();
  }

  void stop_serving() {
    server.run([&](network_loop& loop) { loop.evict(*listener_); });
  }

  void link(const tls_material& with, const std::string& expected_name) {
    link_ = dialler.run([&](network_loop& loop) {
      rpc_link_options options;
      options.address = address();
      options.expected_name = expected_name;
      options.source = source;
      options.heartbeat_ms = 10;
      options.lapse_ms = lapse_ms;
      options.reconnect = {1, 20, 1000};
      return &loop.host<rpc_link>(
        loop, load_tls(loop, with), options,
        rpc_link_events{
          [this](capnp::Capability::Client offered, const peer_identity& who) {
            echo_ = offered.castAs<::present::test::Echo>();
            events.put("up " + to_string(who));
          },
          [this](const std::string&) {
            echo_ = nullptr;
            events.put("down");
          }});
    });
  }

  void redirect(const std::string& to, const std::string& name) {
    dialler.run([&](network_loop&) { link_->redirect(to, name); });
  }

  void unlink() {
    dialler.run([&](network_loop& loop) {
      echo_ = nullptr;
      loop.evict(*link_);
    });
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }
  ::present::test::Echo::Client& echo() { return KJ_ASSERT_NONNULL(echo_); }

  std::uint32_t lapse_ms = 5000;
  std::string source;
  certificate_authority authority = authority_of(domain);
  log_lines server_lines;
  log_lines lines;
  mailbox<std::string> events;
  mailbox<std::string> dialled_from;

private:
  connection_listener* listener_ = nullptr;
  rpc_link* link_ = nullptr;
  std::uint16_t port_ = 0;
  kj::Maybe<::present::test::Echo::Client> echo_;

public:
  // Last: what lives on the threads ends before what it touches.
  network_thread server{server_lines.sink()};
  network_thread dialler{lines.sink()};
};

std::string who_am_i(pair_of_nodes& nodes) {
  return settle<std::string>(nodes.dialler, [&](network_loop&) {
    return nodes.echo().whoAmIRequest().send().then(
      [](auto answer) { return std::string(answer.getId().cStr()); });
  });
}

const std::string node_1 = "spiffe://" + domain + "/node/1";
const std::string name_of_1 = "node-1." + domain;

} // namespace

TEST_CASE("a link comes up, knows the other end, and is known there") {
  pair_of_nodes nodes;
  nodes.serve(node_material(nodes.authority, 1));
  nodes.link(client_material(nodes.authority, "ann"), name_of_1);
  CHECK(nodes.events.take() == "up " + node_1);
  CHECK(who_am_i(nodes) == "spiffe://" + domain + "/client/ann");
}

TEST_CASE("a link comes from the address that it is told, and else from any") {
  for (const std::string source : {"127.0.0.7", "", "::1", "a name"}) {
    CAPTURE(source);
    pair_of_nodes nodes;
    nodes.source = source;
    nodes.serve(node_material(nodes.authority, 1));
    nodes.link(node_material(nodes.authority, 2), name_of_1);
    REQUIRE(nodes.events.take());
    const auto from = nodes.dialled_from.take().value_or("");
    const std::string expected = source == "127.0.0.7" ? source : "127.0.0.1";
    CHECK(from.substr(0, from.rfind(':')) == expected);
  }
}

TEST_CASE("a link that can't come from its address says so, and dials again") {
  pair_of_nodes nodes;
  nodes.source = "192.0.2.1"; // of nobody (RFC 5737)
  nodes.serve(node_material(nodes.authority, 1));
  nodes.link(node_material(nodes.authority, 2), name_of_1);
  CHECK(nodes.lines.wait_for("Cannot assign requested address"));
  CHECK(nodes.events.empty());
}

TEST_CASE("calls carry a megabyte there and back") {
  pair_of_nodes nodes;
  nodes.serve(node_material(nodes.authority, 1));
  nodes.link(node_material(nodes.authority, 2), name_of_1);
  REQUIRE(nodes.events.take());
  const auto size = settle<std::size_t>(nodes.dialler, [&](network_loop&) {
    auto request = nodes.echo().sayRequest();
    request.initText(1 << 20);
    return request.send().then(
      [](auto answer) { return answer.getText().size(); });
  });
  CHECK(size == 1 << 20);
}

TEST_CASE("a link dials until there is a server, and again when it is gone") {
  pair_of_nodes nodes;
  nodes.serve(node_material(nodes.authority, 1));
  nodes.stop_serving();
  nodes.link(node_material(nodes.authority, 2), name_of_1);
  CHECK(nodes.lines.wait_for("no link to " + nodes.address()));

  for (int round = 0; round < 3; ++round) {
    nodes.serve(node_material(nodes.authority, 1), nodes.port());
    CHECK(nodes.events.take() == "up " + node_1);
    nodes.stop_serving();
    CHECK(nodes.events.take() == "down");
  }
}

TEST_CASE("calls under way fail when the link goes down") {
  pair_of_nodes nodes;
  nodes.serve(node_material(nodes.authority, 1));
  nodes.link(node_material(nodes.authority, 2), name_of_1);
  REQUIRE(nodes.events.take());
  mailbox<std::string> ended;
  nodes.dialler.run([&](network_loop& loop) {
    loop.detach(nodes.echo().neverRequest().send().then(
      [&](auto) { ended.put("answered"); },
      [&](kj::Exception&& problem) {
        ended.put(problem.getType() == kj::Exception::Type::DISCONNECTED
                    ? "disconnected"
                    : text_of(problem));
      }));
  });
  nodes.stop_serving();
  CHECK(ended.take() == "disconnected");
  CHECK(nodes.events.take() == "down");
}

TEST_CASE("a peer that stands still is given up, and taken back (P20)") {
  pair_of_nodes nodes;
  nodes.lapse_ms = 100;
  nodes.serve(node_material(nodes.authority, 1));
  nodes.link(node_material(nodes.authority, 2), name_of_1);
  REQUIRE(nodes.events.take());
  std::promise<void> entered, go_on;
  nodes.server.post([&](network_loop&) {
    entered.set_value();
    go_on.get_future().wait();
  });
  entered.get_future().wait();
  CHECK(nodes.events.take() == "down");
  CHECK(nodes.lines.wait_for("no sign of life"));
  go_on.set_value();
  CHECK(nodes.events.take() == "up " + node_1);
}

TEST_CASE("a link trusts the expected name only, not the address") {
  pair_of_nodes nodes;
  nodes.serve(node_material(nodes.authority, 2));
  nodes.link(node_material(nodes.authority, 3), name_of_1);
  CHECK(nodes.lines.wait_for("no link to " + nodes.address()));
  CHECK(nodes.events.empty());
  nodes.redirect(nodes.address(), "node-2." + domain);
  CHECK(nodes.events.take() == "up spiffe://" + domain + "/node/2");
}

TEST_CASE("a server of another authority, expired, or no server is refused") {
  pair_of_nodes nodes;
  SUBCASE("of another authority") {
    nodes.serve(node_material(authority_of(domain), 1));
  }
  SUBCASE("expired") {
    nodes.serve(node_material(nodes.authority, 1, long_ago));
  }
  SUBCASE("a client that listens") {
    nodes.serve(client_material(nodes.authority, "ann"));
  }
  nodes.link(node_material(nodes.authority, 2), name_of_1);
  CHECK(nodes.lines.wait_for("no link to " + nodes.address()));
  CHECK(nodes.server_lines.wait_for("failed the TLS handshake"));
  CHECK(nodes.events.empty());
}

TEST_CASE("a link whose own certificate is refused never says up") {
  pair_of_nodes nodes;
  nodes.serve(node_material(nodes.authority, 1));
  nodes.link(node_material(nodes.authority, 2, long_ago), name_of_1);
  CHECK(nodes.lines.wait_for("no link to " + nodes.address()));
  CHECK(nodes.server_lines.wait_for("failed the TLS handshake"));
  CHECK(nodes.events.empty());
}

TEST_CASE("an evicted link closes without another word") {
  pair_of_nodes nodes;
  nodes.serve(node_material(nodes.authority, 1));
  nodes.link(node_material(nodes.authority, 2), name_of_1);
  REQUIRE(nodes.events.take());
  nodes.unlink();
  nodes.stop_serving();
  CHECK(nodes.events.empty());
}

TEST_CASE("a message that reads more than it carries is cut off (limits)") {
  pair_of_nodes nodes;
  nodes.serve(node_material(nodes.authority, 1));
  nodes.link(client_material(nodes.authority, "mallory"), name_of_1);
  REQUIRE(nodes.events.take());
  const auto read = [&](std::uint32_t times, int depth, std::size_t bytes) {
    return settle<std::uint32_t>(nodes.dialler, [&](network_loop&) {
      auto request = nodes.echo().readRequest();
      request.setTimes(times);
      auto at = request.initNested();
      for (int i = 0; i < depth; ++i) {
        at.initBytes(static_cast<unsigned>(bytes));
        at = at.initInner();
      }
      return request.send().then([](auto answer) { return answer.getDepth(); });
    });
  };
  CHECK(read(1, 3, 10) == 3);
  CHECK_THROWS(read(1, 100, 10));
  CHECK_THROWS(read(200, 3, 1 << 18));
  CHECK(who_am_i(nodes) == "spiffe://" + domain + "/client/mallory");
}

TEST_CASE("the wait grows to its bound, with jitter, and starts over") {
  reconnect_schedule schedule({10, 200, 1000}, 42);
  std::uint32_t longest = 0;
  bool varies = false;
  std::uint32_t last = 0;
  for (int i = 0; i < 200; ++i) {
    const auto wait = schedule.on_lost(0);
    const auto ceiling = i < 5 ? 10u << i : 200u;
    CHECK(wait <= std::min(ceiling, 200u));
    varies = varies || (i > 0 && wait != last);
    last = wait;
    longest = std::max(longest, wait);
  }
  CHECK(varies);
  CHECK(longest > 150);
  CHECK(schedule.on_lost(999) <= 200);
  CHECK(schedule.on_lost(1000) <= 10);
}
