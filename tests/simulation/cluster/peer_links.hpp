#pragma once

#include "actors/link/link_actor.hpp"
#include "runtime/network/reconnect_schedule.hpp"
#include "runtime/supervision/address_book.hpp"
#include "tests/simulation/cluster/simulated_network.hpp"

#include <functional>
#include <memory>

namespace present::simulation::cluster {

/// A node as its peers' and clients' networks find it.
struct listening_node {
  std::shared_ptr<process> life; ///< null: it is down
  store_id store;
  std::shared_ptr<supervision::address_book> addresses;
};
using node_finder = std::function<listening_node(node_id)>;

/// Sees every message between nodes when it leaves.
using wire_tap = std::function<void(partition_id, const raft::message&)>;

/// What stands where actors/link/peer_link and peer_service stand on the network
/// thread: dials, delivers batches one at a time, tells the link's actor.
class simulated_peer_link : public std::enable_shared_from_this<simulated_peer_link> {
public:
  struct parts {
    simulated_network& network;
    std::shared_ptr<process> life;
    node_id self;
    node_finder find;
    std::uint32_t codec_per_mille = 0;
    wire_tap tap;
  };

  simulated_peer_link(parts made_of, node_id peer, link_actor actor);

  void start() { dial(); }
  /// Nobody wants it any more.
  void end();
  void deliver(std::vector<link_send> batch);
  void offer(const cluster_map_ptr& map);

private:
  simulated_network& network() { return with_.network; }
  void dial();
  void on_up(std::shared_ptr<connection> made);
  void on_down();
  void retry(std::uint64_t lived_ms);
  void carry(std::vector<link_send> batch, bool is_copy);
  std::vector<link_send> through_codec(std::vector<link_send> batch);
  cluster_map_ptr through_codec(const cluster_map_ptr& map);
  void hand_over(const listening_node& there, std::vector<link_send>& batch) const;

  const parts with_;
  const node_id peer_;
  network::reconnect_schedule schedule_;
  std::shared_ptr<connection> connection_; ///< null: down
  std::uint64_t up_since_ = 0;
  link_actor actor_; ///< null: it has ended
};

/// The actor's end, as `network_wire` is: its link lives as long.
class simulated_wire final : public link_wire {
public:
  simulated_wire(const simulated_peer_link::parts& made_of, node_id peer, link_actor actor)
      : life_(made_of.life),
        link_(std::make_shared<simulated_peer_link>(made_of, peer, std::move(actor))) {
    link_->start();
  }
  ~simulated_wire() override { link_->end(); }

  void deliver(std::vector<link_send> batch) override {
    if (life_->opens_door())
      link_->deliver(std::move(batch));
  }
  void offer(cluster_map_ptr map) override {
    if (life_->opens_door())
      link_->offer(map);
  }

private:
  const std::shared_ptr<process> life_;
  const std::shared_ptr<simulated_peer_link> link_;
};

} // namespace present::simulation::cluster
