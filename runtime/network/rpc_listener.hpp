#pragma once

#include "runtime/network/connection_listener.hpp"
#include "runtime/network/letter_stream.hpp"

#include <capnp/capability.h>

#include <memory>

namespace present::network {

/// What a node offers to each connection, as an answer to who is there. Called
/// on the network thread, and so is what it returns. An exception closes that
/// connection. The connection's letters come to the box, once that is opened.
using bootstrap_factory = kj::Function<capnp::Capability::Client(
  const connection_facts&, std::shared_ptr<letter_box>)>;

/// The connection has ended; called once for each `bootstrap_factory` call that
/// returned.
using connection_closed = kj::Function<void(const connection_facts&)>;

/// Serves Cap'n Proto RPC over mutual TLS. The listener lives on the network
/// thread until it ends or the listener is evicted; then its connections close.
result<connection_listener*> open_rpc_listener(
  network_loop& loop, const listener_options& options,
  std::shared_ptr<tls_configuration> tls, bootstrap_factory offer,
  connection_closed on_closed = [](const connection_facts&) {});

} // namespace present::network
