#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/supervision/description.hpp"

#include <string>
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

  friend bool operator==(const partition_status&, const partition_status&) = default;
};

struct member_status {
  node_id id;
  store_id store;
  std::string state; ///< up, down
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
};

struct cluster_status {
  bool available = false;
  bool quorum = false;
  std::vector<partition_status> partitions; ///< one per partition
  std::vector<member_status> nodes;

  friend bool operator==(const cluster_status&, const cluster_status&) = default;
};

/// Puts the nodes' reports together. `members` are all that should be there, in
/// the order shown; one without a report is down. A partition's row is that of
/// its leader with the highest term, else of any replica.
cluster_status merge_reports(const std::vector<member_status>& members,
                             const std::vector<node_report>& reports);

} // namespace present
