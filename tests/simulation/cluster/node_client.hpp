#pragma once

#include "actors/node/local_gateway.hpp"
#include "tests/simulation/cluster/gateway.hpp"

#include <memory>

namespace present::simulation::cluster {

/// The ways of a node's own client, as actors/node/node_route has them: to its own
/// partitions through the product's local gateway, to the others' over the network.
class simulated_node_route final : public client::client_route,
                                   public std::enable_shared_from_this<simulated_node_route> {
public:
  simulated_node_route(node_id self, std::shared_ptr<local_gateway> here,
                       std::shared_ptr<simulated_route> there)
      : self_(self), here_(std::move(here)), there_(std::move(there)) {}

  void send(const client::send_attempt& what, const client::client_actor& from) override;
  void fetch_map(node_id from, const client::client_actor& asker) override;

private:
  const node_id self_;
  const std::shared_ptr<local_gateway> here_;
  const std::shared_ptr<simulated_route> there_;
};

} // namespace present::simulation::cluster
