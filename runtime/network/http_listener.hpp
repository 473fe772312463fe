#pragma once

#include "runtime/base/bounds.hpp"
#include "runtime/network/connection_listener.hpp"
#include "runtime/network/http_routes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace present::network {

struct http_options {
  std::size_t max_body = bounds::max_request + bounds::mib;
  /// Of all requests that are being received or answered, together: beyond it a
  /// body is refused as `overloaded`.
  std::size_t max_bodies = 256 * bounds::mib;
  /// For a request's head, and again for its body.
  std::uint32_t receive_timeout_ms = 15'000;
  /// Between requests; then the connection closes.
  std::uint32_t idle_timeout_ms = 60'000;
};

/// Serves HTTP/1.1. With `tls`: mutual, as RPC, and each request says who asks.
/// Without: on a loopback address, to requests for a loopback host only (a page
/// of a foreign site, whose name was made to resolve to 127.0.0.1, has its own).
///
/// A client that waits to be invited ("Expect: 100-continue", as curl does before a
/// large body) is invited, or refused before it has sent anything.
///
/// H2  A request that is too large, too slow or malformed ends with its error
///     and never reaches a responder.
result<connection_listener*> open_http_listener(
  network_loop& loop, const listener_options& where, const http_options& limits,
  std::shared_ptr<tls_configuration> tls, std::shared_ptr<http_routes> routes);

} // namespace present::network
