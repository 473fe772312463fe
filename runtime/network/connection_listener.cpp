#include "runtime/network/connection_listener.hpp"

#include "runtime/network/ip_address.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>
#include <variant>

namespace present::network {
namespace {

constexpr auto accept_pause = 100 * kj::MILLISECONDS;
constexpr auto log_pause = 1 * kj::SECONDS;

constexpr int keepalive_idle_s = 2;
constexpr int keepalive_interval_s = 1;
constexpr int keepalive_probes = 3;
constexpr int unacknowledged_ms = 5000;

void set_option(kj::AsyncIoStream& stream, int level, int option, int value) {
  stream.setsockopt(level, option, &value, sizeof value);
}

} // namespace

void prepare_socket(kj::AsyncIoStream& stream) {
  set_option(stream, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(stream, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(stream, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_idle_s);
  set_option(stream, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_interval_s);
  set_option(stream, IPPROTO_TCP, TCP_KEEPCNT, keepalive_probes);
  set_option(stream, IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms);
}

result<connection_listener*>
connection_listener::open(network_loop& loop, const listener_options& options,
                          std::shared_ptr<tls_configuration> tls,
                          serve_function serve) {
  const auto ip = parse_ip(options.address, options.port);
  if (!ip)
    return make_error(error_code::invalid, "cannot listen on \"" + options.address
                                             + "\": give an IP address or *");
  if (!tls && !ip->loopback)
    return make_error(error_code::invalid, "listening on " + options.address
                                             + " takes TLS: it is no loopback "
                                               "address");
  try {
    auto receiver
      = loop.network().getSockaddr(&ip->bytes, ip->length)->listen();
    return &loop.host<connection_listener>(loop, options, kj::mv(receiver),
                                           std::move(tls), kj::mv(serve));
  } catch (const kj::Exception& problem) {
    return make_error(error_code::invalid,
                      "cannot listen on " + options.address + " port "
                        + std::to_string(options.port) + ": "
                        + text_of(problem));
  }
}

connection_listener::connection_listener(
  network_loop& loop, const listener_options& options,
  kj::Own<kj::ConnectionReceiver> receiver,
  std::shared_ptr<tls_configuration> tls, serve_function serve)
    : loop_(loop), max_connections_(options.max_connections),
      receiver_(kj::mv(receiver)),
      port_(static_cast<std::uint16_t>(receiver_->getPort())), tls_(std::move(tls)), serve_(kj::mv(serve)),
      connections_(*this), accepting_(accept_forever().eagerlyEvaluate(
                             [this](kj::Exception&& problem) {
                               taskFailed(kj::mv(problem));
                             })) {}

kj::Promise<void> connection_listener::accept_forever() {
  return receiver_->acceptAuthenticated().then(
    [this](kj::AuthenticatedStream plain) {
      admit(kj::mv(plain));
      return accept_forever();
    },
    [this](kj::Exception&& problem) {
      // Out of descriptors, most likely: the ones in use go on.
      refuse(text_of(problem));
      return loop_.timer().afterDelay(accept_pause).then(
        [this] { return accept_forever(); });
    });
}

void connection_listener::admit(kj::AuthenticatedStream plain) {
  if (counts_.open >= max_connections_) {
    ++counts_.refused_full;
    refuse("there are " + std::to_string(max_connections_)
           + " connections, which is the bound");
    return;
  }
  ++counts_.open;
  auto facts = kj::heap<connection_facts>();
  facts->number = ++counts_.accepted;
  facts->address = plain.peerIdentity->toString().cStr();
  auto& kept = *facts;
  connections_.add(kj::evalNow([&] {
                     prepare_socket(*plain.stream);
                     return authenticate(kj::mv(plain), kept);
                   }).attach(kj::mv(facts), kj::defer([this] { --counts_.open; })));
}

kj::Promise<void>
connection_listener::authenticate(kj::AuthenticatedStream plain,
                                  connection_facts& facts) {
  if (!tls_)
    return serve_(kj::mv(plain.stream), facts);
  using proven = kj::Maybe<kj::AuthenticatedStream>;
  return tls_->accept(kj::mv(plain))
    .then([](kj::AuthenticatedStream stream) { return proven(kj::mv(stream)); },
          [this, &facts](kj::Exception&& problem) {
            ++counts_.failed_handshakes;
            refuse(facts.address + " failed the TLS handshake: "
                   + text_of(problem));
            return proven();
          })
    .then([this, &facts, tls = tls_](proven stream) -> kj::Promise<void> {
      KJ_IF_MAYBE (secure, stream) {
        auto who = tls->identity_of(*secure->peerIdentity);
        if (!who) {
          ++counts_.failed_handshakes;
          refuse(facts.address + ": " + who.problem().message);
          return kj::READY_NOW;
        }
        facts.who = std::move(*who);
        return serve_(kj::mv(secure->stream), facts);
      }
      return kj::READY_NOW;
    });
}

void connection_listener::refuse(const std::string& why) {
  const auto now = loop_.timer().now();
  KJ_IF_MAYBE (before, logged_at_) {
    if (now - *before < log_pause) {
      ++unlogged_;
      return;
    }
  }
  const auto more = std::exchange(unlogged_, 0);
  logged_at_ = now;
  loop_.log(log_severity::warning,
            "refused a connection: " + why
              + (more ? " (and " + std::to_string(more) + " more)" : ""));
}

void connection_listener::taskFailed(kj::Exception&& problem) {
  // A peer that goes away without a farewell is no news.
  if (problem.getType() == kj::Exception::Type::DISCONNECTED)
    return;
  loop_.log(log_severity::warning, "a connection failed: " + text_of(problem));
}

} // namespace present::network
