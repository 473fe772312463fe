#pragma once

#include "actors/watch/watch.hpp"
#include "storage/state.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

/// What a replica has applied lately: the changes of values, entry by entry, within a
/// bound of bytes. It is what lets a watch go on where it, or another replica, has ended.
///
/// N1  From `floor` to `end` there is every change, in the log's order, and no other.
/// N2  What is behind `floor` is gone for good: whoever wants it has to list again.
/// N3  At most `max_bytes` are kept, and the last entry whatever its size.
///
/// In memory: a restart begins with an empty one, which what is applied of the log fills.
/// Pure; not thread-safe.
namespace present::watching {

class change_window {
public:
  explicit change_window(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  struct slot {
    log_index index;
    hlc_stamp last_stamp; ///< of the entry's operations
    std::vector<storage::value_change> changes;
    std::size_t bytes = 0;
  };

  /// Goes on behind `applied`, whose highest stamp is `latest`.
  void restart(log_index applied, hlc_stamp latest);

  /// The next entry; its slot, or null if it changed nothing.
  const slot* append(log_index index, hlc_stamp last_stamp,
                     std::vector<storage::value_change> changes);

  /// The earliest place from which nothing is missing.
  watch_position floor() const { return floor_; }
  /// Behind all that was applied.
  watch_position end() const { return end_; }

  /// The place before the first change that is stamped above `stamp`; empty if that may be
  /// behind the floor.
  std::optional<watch_position> above(hlc_stamp stamp) const;

  /// Calls `see(change, position of the next)` for each change from `from` on, until it
  /// returns false. `from` is not behind the floor.
  template <class See>
  void visit(watch_position from, See see) const;

  std::size_t bytes() const { return bytes_; }

private:
  std::deque<slot>::const_iterator slot_at(log_index index) const;
  void drop_first();

  const std::size_t max_bytes_;
  std::deque<slot> slots_; ///< only entries that changed something
  std::size_t bytes_ = 0;
  watch_position floor_{{1}, 0};
  watch_position end_{{1}, 0};
  hlc_stamp floor_stamp_; ///< highest stamp of what is behind the floor
  hlc_stamp latest_;
};

/// Of the change number `ordinal` of an entry that has `count` of them.
inline watch_position position_after(log_index index, std::size_t ordinal, std::size_t count) {
  if (ordinal + 1 < count)
    return {index, static_cast<std::uint32_t>(ordinal + 1)};
  return {next(index), 0};
}

template <class See>
void change_window::visit(watch_position from, See see) const {
  for (auto at = slot_at(from.index); at != slots_.end(); ++at) {
    const auto count = at->changes.size();
    for (std::size_t n = at->index == from.index ? from.ordinal : 0; n < count; ++n)
      if (!see(at->changes[n], position_after(at->index, n, count)))
        return;
  }
}

} // namespace present::watching
