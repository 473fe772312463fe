#pragma once

#include "runtime/base/ids.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace present {

/// What a client keeps of the cluster (L2): which partition has a key, who leads
/// it, and where the nodes are. Any node gives it; a newer epoch replaces it.
struct cluster_map {
  struct node {
    node_id id;
    std::string rpc_address; ///< "127.0.1.2:7400"
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

  map_epoch epoch;
  std::string cluster;
  std::vector<node> nodes;
  std::map<std::string, space_id> spaces;
  std::vector<range> ranges;
  std::map<partition_id, node_id> leaders; ///< hints: may be out of date

  /// The range of (space, key); null if no range starts at or before it.
  const range* range_of(space_id space, std::string_view key) const;

  /// The next range of the same space; null after its last. `of` is one of ours.
  const range* range_after(const range& of) const;

  friend bool operator==(const cluster_map&, const cluster_map&) = default;
};

} // namespace present
