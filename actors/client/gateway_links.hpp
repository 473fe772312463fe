#pragma once

#include "actors/client/gateway_link.hpp"

#include <map>
#include <memory>
#include <string>

namespace present::client {

/// A process's connections to a cluster, one per node, shared by all its client
/// actors. Nodes that nobody named are learnt from the map, and forgotten with it.
/// Lives on the network thread, as do the links themselves.
class gateway_links final : public network::resident {
public:
  /// `self` is never dialled: the node that we are; 0: none. `source`: the IP address
  /// to dial from; empty: any.
  gateway_links(network::network_loop& loop, std::shared_ptr<network::tls_configuration> tls,
                node_id self = {}, std::string source = {});

  /// Where the cluster can be found before there is a map: stays, whatever the map
  /// says. `node` 0: whichever node answers there. `pinned`: the node is reached there
  /// only, whatever its address in the map.
  void add_endpoint(const std::string& address, node_id node, bool pinned = false);

  /// Dials the nodes of the newest map, and hangs up on those that it lacks.
  void learn_nodes(const cluster_map& map);

  /// Fails at once, as never sent, while the node can't be reached.
  void send(outgoing what);

  /// From that node, or from any if it can't be reached; waits a second for one.
  kj::Promise<map_fetched> fetch_map(node_id from);

  bool is_up(node_id node) const;
  kj::Promise<void> wait_for_any();
  /// Null if nobody named that address.
  gateway_link* at(const std::string& address) const;
  /// Null if none is up.
  gateway_link* any_up() const;

private:
  struct known {
    gateway_link* link = nullptr;
    node_id node; ///< expected there; 0: any of the cluster
    bool is_endpoint = false;
    bool is_pinned = false;
  };

  known& dial(const std::string& address, node_id node);
  void hang_up(known& there);
  gateway_link* find(node_id node) const;
  gateway_link* pinned(node_id node) const;

  network::network_loop& loop_;
  const std::shared_ptr<network::tls_configuration> tls_;
  const node_id self_;
  const std::string source_;
  map_epoch learnt_; ///< of the map that `by_node_` follows
  std::map<std::string, known> by_address_;
  std::map<node_id, gateway_link*> by_node_;
};

} // namespace present::client
