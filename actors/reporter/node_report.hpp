#pragma once

#include "actors/membership/cluster_map.hpp"
#include "runtime/base/ids.hpp"
#include "runtime/supervision/description.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What one node knows of itself, and what a cluster is made of such reports.
/// Plain data.
namespace present {

struct replica_progress {
  node_id node;
  std::string state; ///< leader, follower, learner, candidate, unreachable
  std::uint64_t lag = 0;

  friend bool operator==(const replica_progress&, const replica_progress&) = default;
};

/// One replica's view; only the leader's has the others' progress.
struct partition_status {
  partition_id id;
  node_id self;
  node_id leader; ///< 0: unknown
  term at_term;
  log_index commit;
  log_index applied;
  bool has_quorum = false;
  std::vector<replica_progress> replicas;
  std::uint32_t failures_tolerated = 0;
  /// Of 256: keys on which the replicas disagree without a majority (P25). Not 0: an
  /// operator has to decide.
  std::uint32_t disputed_buckets = 0;

  friend bool operator==(const partition_status&, const partition_status&) = default;
};

struct member_status {
  node_id id;
  store_id store;
  std::string state; ///< up, down, waiting, draining, left
  bool fenced = false;
  std::string rpc_address;
  std::string http_address;
  std::string version;

  friend bool operator==(const member_status&, const member_status&) = default;
};

struct node_report {
  member_status self;
  std::vector<partition_status> partitions;
  supervision::description tree;
  cluster_map map; ///< as this node knows it; epoch 0: it knows no cluster
};

struct cluster_status {
  bool available = false;
  bool quorum = false;
  map_epoch epoch; ///< 0: no cluster is founded
  std::vector<partition_status> partitions; ///< one per partition of the map
  std::vector<member_status> nodes;

  friend bool operator==(const cluster_status&, const cluster_status&) = default;
};

/// Puts the nodes' reports together, by the newest map that any of them has: all of
/// its partitions and nodes. A node without a report is down. A partition's row is
/// that of its leader with the highest term, else of any replica; one that nobody
/// reports has no leader and no replicas.
cluster_status merge_reports(const std::vector<node_report>& reports);

/// One tree out of the nodes' own, under a root "cluster", by the newest map. One
/// without a report is there, and down; one that has left isn't.
supervision::description merge_trees(const std::vector<node_report>& reports);

/// The actor of that id in `tree`; null if it isn't there.
const supervision::description* find_actor(const supervision::description& tree,
                                           std::string_view id);

} // namespace present
