#pragma once

#include "actors/client/client_actor.hpp"
#include "actors/node/local_gateway.hpp"
#include "runtime/network/network_thread.hpp"

#include <memory>

namespace present {

namespace client {
class gateway_links;
}

/// The ways of a node's own client: to this node's partitions directly, to the
/// others' over the network, as any client goes. Nodes are learnt from the map,
/// so that nobody has to name them.
class node_route final : public client::client_route,
                         public std::enable_shared_from_this<node_route> {
public:
  /// `links` lives on `thread`, and dials all but `self`.
  node_route(node_id self, std::shared_ptr<local_gateway> here,
             network::network_thread& thread, client::gateway_links& links);

  void send(const client::send_attempt& what, const client::client_actor& from) override;
  void send_all(std::vector<client::send_attempt> what,
                const client::client_actor& from) override;
  void fetch_map(node_id from, const client::client_actor& asker) override;

private:
  void fetch_own_map(const client::client_actor& asker);

  const node_id self_;
  const std::shared_ptr<local_gateway> here_;
  network::network_thread& thread_;
  client::gateway_links& links_;
};

} // namespace present
