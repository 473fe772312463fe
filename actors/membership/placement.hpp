#pragma once

#include "actors/membership/cluster_map.hpp"
#include "runtime/base/error.hpp"

#include <optional>

/// Who is to keep each partition, and which partition gets which range. Pure and
/// deterministic: the root's state machine calls it, on every replica alike (P1).
namespace present {

/// Voters of a partition, where there are as many active nodes.
inline constexpr std::size_t replicas_per_partition = 3;

/// Makes every `wanted` list fit the nodes there are.
///
/// W1  A partition is wanted on min(replicas_per_partition, active nodes) nodes,
///     all of them active and different; on none if no node is active.
/// W2  Of two active nodes none is to keep more than one replica more.
/// W3  No more moves than these ask for: what fits is left alone.
/// W4  First choices to lead are spread as evenly as exchanges between the first
///     choice and another of the same partition can make them.
void place_replicas(cluster_map& map);

/// `count` data partitions for the ranges of a new space: each time the one that
/// has the fewest ranges. Empty if there are no data partitions.
std::vector<partition_id> partitions_for(const cluster_map& map, std::size_t count);

/// Keys at which the ranges of a space begin if it is cut evenly by the first byte
/// of its keys; the first one is empty. `pieces` is 1 to 256.
std::vector<std::string> even_cuts(std::size_t pieces);

/// What is wrong with a founding, in words for its operator; empty: nothing.
std::optional<error> founding_problem(const std::vector<cluster_map::node>& nodes,
                                      std::uint32_t partitions);

/// A cluster at its birth: epoch 1, `partitions` data partitions besides the root,
/// each founded on the nodes that are to keep it.
cluster_map founding_map(std::string cluster, std::vector<cluster_map::node> nodes,
                         std::uint32_t partitions);

} // namespace present
