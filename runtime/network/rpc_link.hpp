#pragma once

#include "runtime/network/network_loop.hpp"
#include "runtime/network/reconnect_schedule.hpp"
#include "runtime/network/rpc_connection.hpp"
#include "runtime/network/tls_configuration.hpp"

#include <capnp/capability.h>

#include <cstdint>
#include <memory>
#include <string>

namespace present::network {

struct rpc_link_options {
  std::string address;       ///< "host:port"; names are looked up at each dial
  std::string source;        ///< the IP address to dial from; empty: any (dial.hpp)
  std::string expected_name; ///< DNS name that the other end must prove
  std::uint32_t dial_timeout_ms = 2000; ///< until the bootstrap has answered
  /// While up, the other end is asked for a sign of life this often, and given
  /// up when none came for so long (P20). Both count for idle links too.
  std::uint32_t heartbeat_ms = 250;
  std::uint32_t lapse_ms = 1500;
  reconnect_schedule::limits reconnect;
  std::uint64_t seed = 0; ///< of the jitter: different for each link
};

/// Called on the network thread. `up` and `down` alternate, `up` first. Neither
/// may destroy or redirect the link that calls it: post that.
struct rpc_link_events {
  /// The other end has proven its name, accepted our certificate, and offers
  /// this. Calls on it fail once the link is down.
  kj::Function<void(capnp::Capability::Client, const peer_identity&)> up;
  kj::Function<void(const std::string& why)> down;
};

/// Keeps one connection to one address. Lives on the network thread; its
/// destruction closes the connection, without a `down`.
///
///            dial, TLS, bootstrap answered
///   waiting ──────────────────────────────▶ up
///      ▲  ▲   failed                          │ connection lost, or
///      └──┴───────────────────────────────────┘ the events' owner threw
///         backoff with jitter
///
/// A reset (kill -9) ends the connection at once. A peer that stands still or
/// vanished from the network is noticed in heartbeat_ms + lapse_ms at the most.
class rpc_link : public resident {
public:
  rpc_link(network_loop& loop, std::shared_ptr<tls_configuration> tls,
           rpc_link_options options, rpc_link_events events);

  bool is_up() const { return up_; }

  /// Resolves when the other end has answered, whatever its application does. Fails
  /// with the connection, and while there is none.
  kj::Promise<void> ask_for_sign();

  /// While up. Done when the socket has taken it; see `letter_stream`.
  kj::Promise<void> send_letter(kj::Own<capnp::MessageBuilder> letter);

  /// Drops what stands, and dials there at once.
  void redirect(std::string address, std::string expected_name);

private:
  kj::Promise<void> keep();
  kj::Promise<std::string> one_connection();
  kj::Promise<kj::AuthenticatedStream> dial();
  kj::Promise<void> serve_until_closed(kj::AuthenticatedStream stream);
  kj::Promise<void> beat_forever(rpc_connection& connection);
  void become_up(capnp::Capability::Client offered, const peer_identity& who);
  std::uint32_t become_down(const std::string& why);
  void start();

  network_loop& loop_;
  const std::shared_ptr<tls_configuration> tls_;
  rpc_link_options options_;
  rpc_link_events events_;
  reconnect_schedule schedule_;

  bool up_ = false;
  kj::TimePoint up_since_;
  std::string last_complaint_;
  kj::Maybe<kj::Own<rpc_connection>> connection_;
  kj::Promise<void> keeping_;
};

} // namespace present::network
