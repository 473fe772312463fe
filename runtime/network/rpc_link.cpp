#include "runtime/network/rpc_link.hpp"

#include "runtime/network/connection_listener.hpp"
#include "runtime/network/dial.hpp"

#include <utility>

namespace present::network {

rpc_link::rpc_link(network_loop& loop, std::shared_ptr<tls_configuration> tls,
                   rpc_link_options options, rpc_link_events events)
    : loop_(loop), tls_(std::move(tls)), options_(std::move(options)),
      events_(kj::mv(events)), schedule_(options_.reconnect, options_.seed),
      up_since_(loop.timer().now()), keeping_(kj::NEVER_DONE) {
  start();
}

kj::Promise<void> rpc_link::send_letter(kj::Own<capnp::MessageBuilder> letter) {
  KJ_IF_MAYBE (connection, connection_)
    return (*connection)->send_letter(kj::mv(letter));
  return KJ_EXCEPTION(DISCONNECTED, "the link is down");
}

void rpc_link::redirect(std::string address, std::string expected_name) {
  options_.address = std::move(address);
  options_.expected_name = std::move(expected_name);
  keeping_ = kj::NEVER_DONE;
  become_down("the peer has another address");
  start();
}

void rpc_link::start() {
  // From the event loop, never from within the caller: it may hold half of what
  // `up` will touch.
  keeping_ = kj::evalLater([this] { return keep(); })
               .eagerlyEvaluate([this](kj::Exception&& problem) {
                 loop_.log(log_severity::error,
                           "the link to " + options_.address
                             + " ended: " + text_of(problem));
               });
}

kj::Promise<void> rpc_link::keep() {
  return one_connection().then([this](std::string why) {
    const auto wait_ms = become_down(why);
    return loop_.timer()
      .afterDelay(wait_ms * kj::MILLISECONDS)
      .then([this] { return keep(); });
  });
}

/// Ends with the reason why the connection did.
kj::Promise<std::string> rpc_link::one_connection() {
  return kj::evalNow([this] {
           return loop_.timer().timeoutAfter(
             options_.dial_timeout_ms * kj::MILLISECONDS, dial());
         })
    .then([this](kj::AuthenticatedStream stream) {
      return serve_until_closed(kj::mv(stream));
    })
    .then([] { return std::string("the connection was lost"); },
          [](kj::Exception&& problem) { return text_of(problem); });
}

kj::Promise<kj::AuthenticatedStream> rpc_link::dial() {
  return network::dial(loop_, options_.address, options_.source)
    .then([this, tls = tls_](kj::AuthenticatedStream plain) {
      prepare_socket(*plain.stream);
      return tls->connect(kj::mv(plain), options_.expected_name);
    });
}

kj::Promise<void>
rpc_link::serve_until_closed(kj::AuthenticatedStream secure) {
  auto who = tls_->identity_of(*secure.peerIdentity);
  if (!who)
    return KJ_EXCEPTION(FAILED, who.problem().message.c_str());
  auto& connection
    = *connection_.emplace(kj::heap<rpc_connection>(kj::mv(secure.stream)));
  auto offered = connection.bootstrap();
  // In TLS 1.3 our own certificate is judged after our handshake is over; only
  // an answer shows that it was accepted.
  auto answered = loop_.timer().timeoutAfter(
    options_.dial_timeout_ms * kj::MILLISECONDS, offered.whenResolved());
  return answered
    .then([this, &connection, offered = kj::mv(offered),
           who = std::move(*who)]() mutable {
      become_up(kj::mv(offered), who);
      return beat_forever(connection);
    })
    .exclusiveJoin(connection.on_closed());
}

/// Asks for the bootstrap again: the one call that every server answers, before
/// anything of the application's.
kj::Promise<void> rpc_link::ask_for_sign() {
  KJ_IF_MAYBE (connection, connection_)
    return (*connection)->bootstrap().whenResolved();
  return KJ_EXCEPTION(DISCONNECTED, "there is no connection");
}

kj::Promise<void> rpc_link::beat_forever(rpc_connection& connection) {
  return loop_.timer()
    .afterDelay(options_.heartbeat_ms * kj::MILLISECONDS)
    .then([this] {
      auto sign = ask_for_sign();
      auto lapse = loop_.timer()
                     .afterDelay(options_.lapse_ms * kj::MILLISECONDS)
                     .then([this]() -> kj::Promise<void> {
                       return KJ_EXCEPTION(DISCONNECTED, "no sign of life in",
                                           options_.lapse_ms, "ms");
                     });
      return sign.exclusiveJoin(kj::mv(lapse));
    })
    .then([this, &connection] { return beat_forever(connection); });
}

void rpc_link::become_up(capnp::Capability::Client offered,
                         const peer_identity& who) {
  up_ = true;
  up_since_ = loop_.timer().now();
  last_complaint_.clear();
  loop_.log(log_severity::info,
            "the link to " + options_.address + " is up: " + to_string(who));
  events_.up(kj::mv(offered), who);
}

/// Returns how long to wait before the next dial.
std::uint32_t rpc_link::become_down(const std::string& why) {
  const auto lived = loop_.timer().now() - up_since_;
  const bool was_up = std::exchange(up_, false);
  connection_ = nullptr;
  // A peer that stays away is one line, not one a second.
  if (why != last_complaint_)
    loop_.log(log_severity::warning, "no link to " + options_.address + " ("
                                       + options_.expected_name + "): " + why);
  last_complaint_ = why;
  if (was_up)
    events_.down(why);
  return schedule_.on_lost(
    was_up ? static_cast<std::uint64_t>(lived / kj::MILLISECONDS) : 0);
}

} // namespace present::network
