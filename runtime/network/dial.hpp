#pragma once

#include "runtime/network/network_loop.hpp"

#include <string>

namespace present::network {

/// A TCP connection to "host:port". It comes from the IP address `source` if that and
/// `host` are both addresses, of one family: so rules between machines can name the
/// one that dials, and nodes on one machine can be told apart. Else, and where
/// `source` is empty, the kernel chooses.
kj::Promise<kj::AuthenticatedStream> dial(network_loop& loop, const std::string& address,
                                          const std::string& source);

} // namespace present::network
