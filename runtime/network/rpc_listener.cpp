#include "runtime/network/rpc_listener.hpp"

#include "runtime/network/rpc_connection.hpp"

namespace present::network {

result<connection_listener*>
open_rpc_listener(network_loop& loop, const listener_options& options,
                  std::shared_ptr<tls_configuration> tls,
                  bootstrap_factory offer, connection_closed on_closed) {
  if (!tls)
    return make_error(error_code::invalid, "RPC is served over TLS only");
  return connection_listener::open(
    loop, options, std::move(tls),
    [offer = kj::mv(offer), on_closed = kj::mv(on_closed)](
      kj::Own<kj::AsyncIoStream> stream,
      const connection_facts& facts) mutable -> kj::Promise<void> {
      auto letters = std::make_shared<letter_box>();
      auto connection
        = kj::heap<rpc_connection>(kj::mv(stream), offer(facts, letters), letters);
      auto closed = connection->on_closed();
      return closed.attach(kj::mv(connection),
                           kj::defer([&on_closed, &facts] { on_closed(facts); }));
    });
}

} // namespace present::network
