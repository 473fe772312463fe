#pragma once

#include "actors/system_tree.hpp"
#include "runtime/supervision/supervision_tree.hpp"
#include "tests/simulation/cluster/gateway.hpp"
#include "tests/simulation/cluster/peer_links.hpp"
#include "tests/simulation/cluster/simulated_disk.hpp"
#include "tests/simulation/cluster/surroundings.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace present::simulation::cluster {

/// What nodes share with the world around them.
struct node_surroundings {
  surroundings& world;
  node_finder find;
  wire_tap tap;
};

/// Where a node's network finds it.
std::string address_of(node_id node);

/// One node of the cluster: a disk that lasts, and lives that come and go. A life is
/// the product's whole actor tree, on simulated doors.
class simulated_node {
public:
  simulated_node(const node_surroundings& around, node_id self);
  simulated_node(const simulated_node&) = delete;
  ~simulated_node();

  node_id id() const { return self_; }
  bool is_up() const { return life_ && life_->is_alive(); }
  bool is_ready() const { return is_up() && tree_ && tree_->is_ready(); }
  const std::shared_ptr<process>& life() const { return life_; }
  const std::shared_ptr<supervision::address_book>& addresses() const { return addresses_; }
  const std::shared_ptr<supervision::census>& census() const { return census_; }
  simulated_disk& disk() { return disk_; }
  store_id store() const { return disk_.identity().store; }
  std::uint64_t lives() const { return lives_; }

  /// A new life. Wall clock and drift are the machine's.
  void start(std::int64_t wall_offset_ms);
  /// kill -9, or with the machine too.
  void crash(bool machine_tells);
  /// An operator asks this node to found the cluster with this map; it may not hear.
  void found(const cluster_map_ptr& map);

  /// It died at a door, and nobody has buried it yet.
  bool died_at_door() const { return life_ && !life_->is_alive() && !buried_; }
  void bury();

  void ask_to_stop() { tree_->ask_to_stop(); }
  bool is_over() const { return !tree_ || tree_->is_over(); }
  /// Why the root gave up by itself, once.
  std::optional<std::string> take_giving_up();

private:
  system_parts parts();
  partition_setup setup_of(partition_id partition, const std::shared_ptr<process>& life);
  own_client_parts own_client();

  const node_surroundings around_;
  surroundings& world_;
  const node_id self_;
  simulated_disk disk_;
  std::uint64_t lives_ = 0;

  // Of one life.
  std::shared_ptr<process> life_;
  bool buried_ = false;
  std::shared_ptr<supervision::address_book> addresses_;
  std::shared_ptr<supervision::census> census_;
  std::shared_ptr<simulated_route> outward_; ///< of the node's own client
  std::optional<supervision::supervision_tree> tree_;
  std::optional<std::string> gave_up_;
};

} // namespace present::simulation::cluster
