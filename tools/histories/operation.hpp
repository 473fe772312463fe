#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What clients saw of a cluster, operation by operation. Plain data: the same from
/// real clients, from the simulation and from a file.
namespace present::histories {

// -- on a register: one value under a key, or nothing ------------------------------

struct get {
  std::optional<std::string> found; ///< empty: there was nothing
  friend bool operator==(const get&, const get&) = default;
};
struct put {
  std::optional<std::string> value; ///< empty: a delete
  friend bool operator==(const put&, const put&) = default;
};
/// Compare and set: writes if `expected` is there.
struct cas {
  std::optional<std::string> expected;
  std::optional<std::string> value;
  bool wrote = false; ///< no meaning where the outcome is unknown
  friend bool operator==(const cas&, const cas&) = default;
};

// -- on a counter, which begins at 0 -----------------------------------------------

struct add_amount {
  std::int64_t amount = 1;
  std::optional<std::int64_t> total; ///< after it, where the client was told
  friend bool operator==(const add_amount&, const add_amount&) = default;
};
struct read_total {
  std::int64_t total = 0;
  friend bool operator==(const read_total&, const read_total&) = default;
};

// -- on a set, which begins empty and only grows -----------------------------------

struct add_member {
  std::string member;
  friend bool operator==(const add_member&, const add_member&) = default;
};
struct read_members {
  std::vector<std::string> members; ///< in any order
  friend bool operator==(const read_members&, const read_members&) = default;
};

using action = std::variant<get, put, cas, add_amount, read_total, add_member, read_members>;

/// The types in whose words an action speaks.
enum class key_kind : std::uint8_t { single_value, counter, set };

struct operation {
  std::uint32_t client = 0;
  std::string key;
  action what;
  /// From one monotonic clock, in any unit. Equal times count as overlapping.
  std::uint64_t called = 0;
  /// Empty: the outcome is unknown. It may have taken effect at any time after
  /// `called`, or never. What provably had no effect is left out of a history.
  std::optional<std::uint64_t> returned;
  friend bool operator==(const operation&, const operation&) = default;
};

key_kind kind_of(const action& what);
bool is_read(const action& what);

/// "client 3 put k = v, 12 to 40": for people.
std::string describe(const operation& one);

} // namespace present::histories
