#pragma once

#include "actors/conflict/conflict_detector.hpp"
#include "actors/partition/conditions.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// A transaction as one operation: what was read, what is compared, what is done
/// then. All of it is checked and applied at once, when its log entry is applied
/// (P1); all that it writes has one version, the entry's stamp.
///
///     seen, ranges ──changed──▶ `transaction_conflict`, naming the key; retryable
///        │ as they were read
///        ▼
///     compare ──all hold──▶ then ───┐ each step in order, seeing what those
///        └──────────────▶ otherwise ┘ before it wrote; one that fails undoes all
namespace present {

/// A key as it was read: at this version, or 0: absent.
struct seen_key {
  space_id space;
  std::string key;
  hlc_stamp version;
  friend bool operator==(const seen_key&, const seen_key&) = default;
};

struct seen_row {
  std::string key;
  hlc_stamp version;
  friend bool operator==(const seen_row&, const seen_row&) = default;
};
/// Keys in [first, last) as they were read: these, and no other (no phantoms). An
/// empty `last` is the end of the space.
struct seen_range {
  space_id space;
  std::string first;
  std::string last;
  std::vector<seen_row> rows; ///< rising keys
  friend bool operator==(const seen_range&, const seen_range&) = default;
};

enum class relation : std::uint8_t { equal = 0, not_equal = 1, less = 2, greater = 3 };

/// How a key's version or value stands to a given one. An absent key has the version
/// 0, and no value: nothing that is said of its value holds.
struct comparison {
  space_id space;
  std::string key;
  relation is = relation::equal;
  std::variant<hlc_stamp, std::string> to;
  friend bool operator==(const comparison&, const comparison&) = default;
};

// -- steps -----------------------------------------------------------------------

struct get_step {
  space_id space;
  std::string key;
  friend bool operator==(const get_step&, const get_step&) = default;
};
struct scan_step {
  space_id space;
  std::string first;
  std::string last;
  std::uint32_t limit = 0; ///< 0: bounds::max_scan_page
  bool keys_only = false;
  friend bool operator==(const scan_step&, const scan_step&) = default;
};
struct put_step {
  space_id space;
  std::string key;
  bytes_ptr value; ///< null is the empty value
  friend bool operator==(const put_step& a, const put_step& b) {
    const auto text = [](const bytes_ptr& p) {
      return p ? std::string_view{*p} : std::string_view{};
    };
    return a.space == b.space && a.key == b.key && text(a.value) == text(b.value);
  }
};
/// Of an absent key: its result is `not_found`, and the transaction goes on.
struct remove_step {
  space_id space;
  std::string key;
  friend bool operator==(const remove_step&, const remove_step&) = default;
};

/// On integers (storage/typed_value.hpp); absent counts as 0 for `add`, and as the
/// operand for the others. The result has the new value.
enum class number_change : std::uint8_t { add = 0, min = 1, max = 2 };
struct number_step {
  space_id space;
  std::string key;
  number_change how = number_change::add;
  std::int64_t operand = 0;
  friend bool operator==(const number_step&, const number_step&) = default;
};

/// On lists (`append`) and sets; absent counts as empty.
enum class element_change : std::uint8_t { append = 0, insert = 1, take_out = 2 };
struct element_step {
  space_id space;
  std::string key;
  element_change how = element_change::append;
  std::string element;
  friend bool operator==(const element_step&, const element_step&) = default;
};

using step = std::variant<get_step, scan_step, put_step, remove_step, number_step,
                          element_step>;

inline bool is_write(const step& what) {
  return !std::holds_alternative<get_step>(what) && !std::holds_alternative<scan_step>(what);
}

/// A write that the leader had judged by its space's policy and schema.
struct judged_write {
  std::uint32_t step = 0; ///< the last one that writes the key
  hlc_stamp of;           ///< what was there then; 0: nothing
  friend bool operator==(const judged_write&, const judged_write&) = default;
};
/// Of one branch: its writes to spaces that have either, by rising keys, up to the first
/// that may not be written.
struct branch_findings {
  std::vector<judged_write> writes;
  conflict::findings found; ///< of the last of them; those before it may be written
  friend bool operator==(const branch_findings&, const branch_findings&) = default;
};
struct transaction_findings {
  branch_findings then;
  branch_findings otherwise;
  friend bool operator==(const transaction_findings&, const transaction_findings&) = default;
};

struct transact {
  /// When its function was first tried; kept across retries, so that who is old gets
  /// its turn (P13). 0: now.
  hlc_stamp start;
  std::vector<seen_key> seen;
  std::vector<seen_range> ranges;
  std::vector<comparison> compare;
  std::vector<step> then;
  std::vector<step> otherwise;
  /// Null but between admission and apply, and there only if spaces want it: what users
  /// supply is asked by the leader (P1). A client's is thrown away.
  std::shared_ptr<const transaction_findings> found = {};

  const branch_findings& findings_of(bool second) const {
    static const transaction_findings none;
    return second ? (found ? *found : none).otherwise : (found ? *found : none).then;
  }
  bool is_read_only() const {
    for (const auto* branch : {&then, &otherwise})
      for (const auto& each : *branch)
        if (is_write(each))
          return false;
    return true;
  }
  friend bool operator==(const transact& a, const transact& b) {
    return a.start == b.start && a.seen == b.seen && a.ranges == b.ranges
           && a.compare == b.compare && a.then == b.then && a.otherwise == b.otherwise
           && !a.found == !b.found && (!a.found || *a.found == *b.found);
  }
};

/// Calls `see(space, key)` for each key that `what` names, and `see_range(space,
/// first, last)` for each range.
template <class SeeKey, class SeeRange>
void visit_places(const transact& what, SeeKey see, SeeRange see_range) {
  for (const auto& key : what.seen)
    see(key.space, key.key);
  for (const auto& range : what.ranges)
    see_range(range.space, range.first, range.last);
  for (const auto& one : what.compare)
    see(one.space, one.key);
  for (const auto* branch : {&what.then, &what.otherwise})
    for (const auto& each : *branch)
      std::visit(
        [&](const auto& one) {
          if constexpr (requires { one.first; })
            see_range(one.space, one.first, one.last);
          else
            see(one.space, one.key);
        },
        each);
}

} // namespace present
