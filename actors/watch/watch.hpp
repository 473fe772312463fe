#pragma once

#include "runtime/base/hlc.hpp"
#include "runtime/base/ids.hpp"

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// Asking a partition what changes. Plain data: the same from a client through the wire
/// to the partition; as schemas/operation.capnp on the wire, and never in a log.
///
/// A watch is a question that waits for its answer: "what of this key, or of all keys
/// with this prefix, has changed from this place of your log on?" It is answered as soon
/// as there is something to tell, and when its time is over with the place that the log
/// has come to; then it is asked again from where the answer ended. So nothing is kept
/// of a watch between two questions, whoever is slow slows nobody down, and any replica
/// can go on where another has ended.
namespace present {

/// A place between two changes of a partition's log (P2): the next one that is wanted is
/// the change number `ordinal`, from 0, of the entry `index`, or the first one after it.
/// Index 0: no place.
struct watch_position {
  log_index index;
  std::uint32_t ordinal = 0;

  bool is_set() const { return index.value != 0; }
  friend auto operator<=>(const watch_position&, const watch_position&) = default;
};

struct watch {
  space_id space;
  std::string key; ///< or what the keys begin with
  bool is_prefix = false;
  /// Without a place: from the first change that is stamped above `above`; without that
  /// either: from now on.
  watch_position from;
  /// Only versions above it; 0: all.
  hlc_stamp above;
  std::uint32_t wait_ms = 0; ///< up to bounds::max_watch_wait_ms; 0: what is there now
  bool stale = false;        ///< any replica's log will do, which may be behind

  friend bool operator==(const watch&, const watch&) = default;
};

/// What became of a key, by a committed write.
struct watched_change {
  std::string key;
  hlc_stamp version;
  bool is_removal = false;
  std::shared_ptr<const std::string> value; ///< null: empty, or removed
  watch_position next; ///< where to go on after it

  friend bool operator==(const watched_change& a, const watched_change& b) {
    const auto view = [](const auto& p) { return p ? std::string_view{*p} : std::string_view{}; };
    return a.key == b.key && a.version == b.version && a.is_removal == b.is_removal
           && view(a.value) == view(b.value) && a.next == b.next;
  }
};

struct watched_page {
  std::vector<watched_change> changes; ///< in the log's order
  watch_position next;                 ///< where to go on after all of them

  friend bool operator==(const watched_page&, const watched_page&) = default;
};

} // namespace present
