#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/partition/transact.hpp"
#include "runtime/base/error.hpp"

#include <vector>

/// Which partition has what of a transaction. Pure.
namespace present {

/// The number of a space that a transaction names by its place among names: the map
/// may change between two tries.
using space_numbers = std::vector<space_id>;

/// Where the steps of a part stand among those of the whole, rising.
struct branch_places {
  std::vector<std::uint32_t> then = {};
  std::vector<std::uint32_t> otherwise = {};
  friend bool operator==(const branch_places&, const branch_places&) = default;
};

/// What one partition is asked. Its steps stand in the order in which they came.
struct transaction_part {
  partition_id partition;
  transact what;
  branch_places places = {};
};

/// By rising partition; the spaces in `what` and in the parts are places in `spaces`.
/// Ranges that were read are cut where partitions meet. `invalid` if a scan among the
/// steps reaches over such a place: its page would be of two partitions.
result<std::vector<transaction_part>>
parts_of(const transact& what, const space_numbers& spaces, const cluster_map& map);
/// The same of one that has the spaces' numbers already.
result<std::vector<transaction_part>> parts_of(const transact& what, const cluster_map& map);

/// Who decides it: the partition of the first write of `then`, or else of `otherwise`, so
/// that homes are spread as writes are, and one that writes is spared a round. The parts are not empty.
partition_id home_among(const std::vector<transaction_part>& parts);

/// The same with the spaces' numbers in the places of their places.
transact in_spaces(transact what, const space_numbers& spaces);

/// It only asks whether what was read is still so: its partitions may be asked one
/// after the other, once all reads have returned (P12).
bool only_validates(const transact& what);

} // namespace present
