#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What clients saw of transactions on lists: each appends values to lists and
/// reads lists, all or nothing. A value that is found shows everything that
/// came before it, so histories of appends say more than histories of other
/// writes (Kingsbury and Alvaro, "Elle: Inferring Isolation Anomalies from
/// Experimental Observations", 2020).
namespace present::histories {

struct append_value {
  std::string key;
  std::int64_t value = 0; ///< appended to this key once in the whole history
  friend bool operator==(const append_value&, const append_value&) = default;
};

struct read_list {
  std::string key;
  /// What was there, the transaction's own appends before it included. No
  /// meaning unless it committed; a key that isn't there is an empty list.
  std::vector<std::int64_t> found;
  friend bool operator==(const read_list&, const read_list&) = default;
};

using list_action = std::variant<append_value, read_list>;

enum class ending : std::uint8_t {
  committed, ///< the client was told so
  aborted,   ///< it provably had no effect
  unknown,   ///< it may take effect at any time after its call, or never
};

std::string_view to_string(ending how);

struct transaction {
  std::uint32_t process = 0;
  std::vector<list_action> actions; ///< in the order in which they were done
  ending how = ending::committed;
  /// From one monotonic clock, in any unit. Equal times count as overlapping.
  std::uint64_t called = 0;
  std::uint64_t returned = 0; ///< no meaning where the outcome is unknown
  friend bool operator==(const transaction&, const transaction&) = default;
};

const std::string& key_of(const list_action& what);

/// "[1 2 3]"; of a long list the end: "[… 98 99] (99 values)".
std::string in_words(const std::vector<std::int64_t>& list);

/// "process 3 appends 4 to x, reads y [1 2]; called 10, returned 20": for
/// people.
std::string describe(const transaction& one);

} // namespace present::histories
