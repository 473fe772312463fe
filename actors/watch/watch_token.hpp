#pragma once

#include "actors/watch/watch.hpp"
#include "runtime/base/error.hpp"

#include <map>
#include <string>
#include <string_view>

namespace present {

/// Where a watch has come to, for whoever wants to go on there: a place for each of the
/// partitions that have its keys, and the version above which it began, if it did.
///
/// As text, opaque to users: "1.4711.0,3.17.2" is partition, index and ordinal; "@STAMP"
/// goes behind, and stands alone for "all above that version"; "~HEX" ends what a watch gave.
struct watch_token {
  std::map<partition_id, watch_position> places;
  hlc_stamp above;
  /// Which watch it is of, as a hash of what that watches; 0: not known.
  std::uint32_t of_watch = 0;

  friend bool operator==(const watch_token&, const watch_token&) = default;
};

std::string to_text(const watch_token& token);

/// `invalid` says what is wrong with it, and where.
result<watch_token> parse_watch_token(std::string_view text);

} // namespace present
