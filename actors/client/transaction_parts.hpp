#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/partition/transact.hpp"
#include "runtime/base/error.hpp"

#include <vector>

/// Which partition has what of a transaction. Pure.
namespace present::client {

/// The number of a space that a transaction names by its place among names: the map
/// may change between two tries.
using space_numbers = std::vector<space_id>;

/// What one partition is asked. Its steps stand in the order in which they came.
struct transaction_part {
  partition_id partition;
  transact what;
};

/// By rising partition; the spaces in `what` and in the parts are places in `spaces`.
/// Ranges that were read are cut where partitions meet. `invalid` if a scan among the
/// steps reaches over such a place: its page would be of two partitions.
result<std::vector<transaction_part>>
parts_of(const transact& what, const space_numbers& spaces, const cluster_map& map);

/// The same with the spaces' numbers in the places of their places.
transact in_spaces(transact what, const space_numbers& spaces);

/// It only asks whether what was read is still so: its partitions may be asked one
/// after the other, once all reads have returned (P12).
bool only_validates(const transact& what);

} // namespace present::client
