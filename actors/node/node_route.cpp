#include "actors/node/node_route.hpp"

#include "actors/client/gateway_links.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <iterator>

namespace present {

node_route::node_route(node_id self, std::shared_ptr<local_gateway> here,
                       network::network_thread& thread, client::gateway_links& links)
    : self_(self), here_(std::move(here)), thread_(thread), links_(links) {
}

void node_route::send(const client::send_attempt& what, const client::client_actor& from) {
  if (what.to == self_) {
    here_->send(what, from);
    return;
  }
  thread_.post([self = shared_from_this(),
                one = client::outgoing{what, from}](network::network_loop&) mutable {
    self->links_.send(std::move(one));
  });
}

/// One request for each of the node's own partitions, one visit to the network's thread.
void node_route::send_all(std::vector<client::send_attempt> what,
                          const client::client_actor& from) {
  const auto far = std::stable_partition(
    what.begin(), what.end(), [this](const auto& one) { return one.to == self_; });
  std::vector<client::outgoing> there;
  for (auto one = far; one != what.end(); ++one)
    there.push_back({std::move(*one), from});
  what.erase(far, what.end());
  if (!what.empty())
    here_->send_all(std::move(what), from);
  if (there.empty())
    return;
  thread_.post([self = shared_from_this(),
                there = std::move(there)](network::network_loop&) mutable {
    for (auto& one : there)
      self->links_.send(std::move(one));
  });
}

/// Of a node that can't be reached, this one's own map has to do.
void node_route::fetch_map(node_id from, const client::client_actor& asker) {
  if (from.value == 0 || from == self_) {
    fetch_own_map(asker);
    return;
  }
  thread_.post([self = shared_from_this(), from, asker](network::network_loop& loop) {
    if (!self->links_.is_up(from)) {
      self->fetch_own_map(asker);
      return;
    }
    loop.detach(self->links_.fetch_map(from).then(
      [asker](client::map_fetched what) { caf::anon_send(asker, std::move(what)); },
      [self, asker](kj::Exception&&) { self->fetch_own_map(asker); }));
  });
}

/// What it says of the nodes is for the links, too.
void node_route::fetch_own_map(const client::client_actor& asker) {
  here_->ask_for_map([self = shared_from_this(), asker](cluster_map_ptr map) {
    if (map)
      self->thread_.post([self, map](network::network_loop&) { self->links_.learn_nodes(*map); });
    caf::anon_send(asker, client::map_fetched{self->self_, std::move(map)});
  });
}

} // namespace present
