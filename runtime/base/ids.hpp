#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace present {

/// An integer that can't be mixed up with another kind of integer: an index is
/// not a term. Ordered, hashable, and zero when value-initialised.
template <class Tag, class Rep>
struct strong_id {
  using rep = Rep;
  Rep value = 0;

  friend constexpr auto operator<=>(strong_id, strong_id) = default;
};

template <class Id>
constexpr Id next(Id id) {
  return Id{static_cast<typename Id::rep>(id.value + 1)};
}

template <class Id>
constexpr Id previous(Id id) {
  return Id{static_cast<typename Id::rep>(id.value - 1)};
}

/// A node of the cluster, as its operators number it. 0 names nobody.
using node_id = strong_id<struct node_id_tag, std::uint32_t>;

/// One incarnation of a node's data folder (P19): a folder that was deleted and
/// made again is another store.
using store_id = strong_id<struct store_id_tag, std::uint64_t>;

/// A partition: one replicated log and the range of (space, key) it keeps. The
/// root partition, which keeps the map itself, is number 0.
using partition_id = strong_id<struct partition_id_tag, std::uint32_t>;

/// A named set of keys. Names are given to users, numbers to keys (4 bytes).
using space_id = strong_id<struct space_id_tag, std::uint32_t>;

/// Raft: the number of a leadership. 0 is before the first election.
using term = strong_id<struct term_tag, std::uint64_t>;

/// Raft: the position of an entry in its partition's log; the first is 1.
using log_index = strong_id<struct log_index_tag, std::uint64_t>;

/// The number of a partition map; rises with each change of the map.
using map_epoch = strong_id<struct map_epoch_tag, std::uint64_t>;

/// A client session and, within it, one operation (P4). Together they name an
/// operation for good: a retry carries the same pair.
using client_id = strong_id<struct client_id_tag, std::uint64_t>;
using operation_number = strong_id<struct operation_number_tag, std::uint64_t>;

/// Milliseconds of a monotonic clock whose origin has no meaning. What machines
/// call time: it reaches them only inside events.
using time_ms = std::uint64_t;

} // namespace present

template <class Tag, class Rep>
struct std::hash<present::strong_id<Tag, Rep>> {
  std::size_t operator()(present::strong_id<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
