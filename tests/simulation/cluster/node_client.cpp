#include "tests/simulation/cluster/node_client.hpp"

#include <caf/send.hpp>

namespace present::simulation::cluster {

void simulated_node_route::send(const client::send_attempt& what,
                                const client::client_actor& from) {
  if (what.to == self_)
    here_->send(what, from);
  else
    there_->send(what, from);
}

/// Of a node that can't be reached, this one's own map has to do.
void simulated_node_route::fetch_map(node_id from, const client::client_actor& asker) {
  if (from != self_ && there_->is_up(from)) {
    there_->fetch_map(from, asker);
    return;
  }
  here_->ask_for_map([self = self_, there = there_, asker](cluster_map_ptr map) {
    if (map)
      there->learn_nodes(*map);
    caf::anon_send(asker, client::map_fetched{self, std::move(map)});
  });
}

} // namespace present::simulation::cluster
