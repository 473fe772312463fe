#include "runtime/network/dial.hpp"

#include "runtime/network/ip_address.hpp"

#include <netinet/in.h>

#include <kj/debug.h>
#include <kj/io.h>

namespace present::network {

namespace {

kj::Promise<kj::AuthenticatedStream> dial_from(network_loop& loop, const ip_address& from,
                                               const ip_address& to) {
  int number = -1;
  KJ_SYSCALL(number = ::socket(to.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  kj::AutoCloseFd file(number);
  // The port is chosen when the other end is known too: there are more pairs than
  // ports.
  const int yes = 1;
  KJ_SYSCALL(::setsockopt(number, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes));
  KJ_SYSCALL(::bind(number, from.raw(), from.length));
  return loop.io()
    .lowLevelProvider->wrapConnectingSocketFd(kj::mv(file), to.raw(), to.length,
                                              kj::LowLevelAsyncIoProvider::ALREADY_CLOEXEC
                                                | kj::LowLevelAsyncIoProvider::ALREADY_NONBLOCK)
    .then([](kj::Own<kj::AsyncIoStream> stream) {
      return kj::AuthenticatedStream{kj::mv(stream), kj::UnknownPeerIdentity::newInstance()};
    });
}

} // namespace

kj::Promise<kj::AuthenticatedStream> dial(network_loop& loop, const std::string& address,
                                          const std::string& source) {
  const auto to = parse_endpoint(address);
  const auto from = source == "*" ? std::nullopt : parse_ip(source, 0);
  if (to && from && to->bytes.ss_family == from->bytes.ss_family)
    return dial_from(loop, *from, *to);
  return loop.network()
    .parseAddress(kj::StringPtr(address.c_str()))
    .then([](kj::Own<kj::NetworkAddress> there) {
      auto connected = there->connectAuthenticated();
      return connected.attach(kj::mv(there));
    });
}

} // namespace present::network
