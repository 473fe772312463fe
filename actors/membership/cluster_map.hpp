#pragma once

#include "runtime/base/ids.hpp"
#include "storage/record.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace present {

/// The cluster as the root partition has it (L2): its nodes, its spaces, which
/// partition has which keys, and who keeps each partition. Made by the root's log,
/// spread by the nodes, kept by clients; a newer epoch replaces an older.
struct cluster_map {
  struct node {
    node_id id;
    store_id store; ///< other stores of this node are ignored (P19)
    storage::node_state state = storage::node_state::active;
    std::string rpc_address; ///< "127.0.1.2:7400"
    std::string http_address;
    friend bool operator==(const node&, const node&) = default;
  };

  /// Keys of `space` from `first` on, up to the next range. Sorted by
  /// (space, first); a space's first range starts at the empty key.
  struct range {
    space_id space;
    std::string first;
    partition_id partition;
    friend bool operator==(const range&, const range&) = default;
  };

  map_epoch epoch; ///< 0: there is no cluster yet
  std::string cluster;
  std::vector<node> nodes; ///< rising; also those that left
  std::map<std::string, space_id> spaces;
  /// Of spaces that aren't as by default.
  std::map<space_id, storage::space_settings> settings;
  std::vector<range> ranges;
  std::vector<storage::placement> partitions; ///< rising; the root's first
  /// Hints, not the root's: may be out of date.
  std::map<partition_id, node_id> leaders;

  /// The range of (space, key); null if no range starts at or before it.
  const range* range_of(space_id space, std::string_view key) const;

  /// The next range of the same space; null after its last. `of` is one of ours.
  const range* range_after(const range& of) const;

  const node* find_node(node_id id) const;
  const storage::placement* find_partition(partition_id id) const;

  /// All that `partition` owns, in order; neighbours are joined.
  std::vector<storage::key_range> share_of(partition_id partition) const;

  /// The settings of a space that is there.
  storage::space_settings settings_of(space_id space) const;
  /// Of the spaces of these ranges, which are in order: those that aren't as by default.
  std::vector<storage::owned_space>
  settings_for(const std::vector<storage::key_range>& owned) const;

  friend bool operator==(const cluster_map&, const cluster_map&) = default;
};

using cluster_map_ptr = std::shared_ptr<const cluster_map>;

/// Keeps the map itself, and no user's keys.
inline constexpr partition_id root_partition{0};

/// Does `nodes` contain `node`?
bool has_node(const std::vector<node_id>& nodes, node_id node);

/// This node has a replica of the partition, or is to have one.
bool keeps(const storage::placement& group, node_id node);

/// It is wanted no more, but may be given one yet, by a leader that doesn't know the map.
bool is_departing(const storage::placement& group, node_id node);

/// Whether members as of `index`, told by a leader that acts by the map `by_map`, are news to
/// the map that has `group`: they are later ones, or departures end with them.
bool is_news(const storage::placement& group, log_index index, map_epoch by_map);

} // namespace present
