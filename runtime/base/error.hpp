#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace present {

/// The closed list of errors, the same on every interface (INTERFACE.md). The
/// numbers travel on the wire: never reuse one, only append.
enum class error_code : std::uint16_t {
  ok = 0,
  not_found = 1,
  unknown_space = 2,
  version_conflict = 3,
  transaction_conflict = 4,
  retroactive_write = 5,
  too_old = 6,
  fenced = 7,
  schema_incompatible = 8,
  obligation_violated = 9,
  denied = 10,
  unauthenticated = 11,
  not_leader = 12,
  wrong_partition = 13,
  no_quorum = 14,
  overloaded = 15,
  disk_full = 16,
  clock_skew = 17,
  damaged = 18,
  deadline = 19,
  session_expired = 20,
  unknown_outcome = 21,
  too_large = 22,
  invalid = 23,
};

/// What is known of the effect of the operation that got the error. *Unknown*
/// is never collapsed into failure (P5).
enum class outcome : std::uint8_t { not_applied = 0, applied = 1, unknown = 2 };

/// How a caller should treat a code: the columns of the table in INTERFACE.md.
struct error_traits {
  std::string_view name;
  bool retryable;
  outcome known_outcome;
  std::uint16_t http_status;
  std::uint8_t exit_code;
};

/// The row of `code`; every enumerator has one.
const error_traits& traits_of(error_code code);

/// The code whose name is `name`, or `error_code::ok` if there is none.
error_code error_code_named(std::string_view name);

std::string_view to_string(outcome value);

/// An error as it reaches a user: a code, one sentence that says what was wrong,
/// where and what to do, and what the caller's next try can use.
struct error {
  error_code code = error_code::ok;
  std::string message;
  /// What is known of this operation; usually the code's own, but `deadline` is
  /// `not_applied` where that is provable.
  outcome known = outcome::not_applied;
  /// When a retry makes sense; 0 where the sender has no opinion.
  std::uint32_t retry_after_ms = 0;
  /// The node that leads, as far as the sender knows; 0 where it doesn't.
  std::uint32_t leader_hint = 0;
  /// `version_conflict`: the version that is there now; 0 is "no such key".
  std::uint64_t current_version = 0;
  std::string trace_id;

  friend bool operator==(const error&, const error&) = default;
};

/// An error with the outcome that its code has in the table.
error make_error(error_code code, std::string message);

/// A value or the error that stands in its place: what crosses a boundary
/// instead of an exception. `void` results are `result<std::monostate>`.
template <class T>
class result {
public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(error problem) : state_(std::in_place_index<1>, std::move(problem)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() { return std::get<0>(state_); }
  const T& operator*() const { return std::get<0>(state_); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  error& problem() { return std::get<1>(state_); }
  const error& problem() const { return std::get<1>(state_); }

private:
  std::variant<T, error> state_;
};

using status = result<std::monostate>;

inline status success() {
  return std::monostate{};
}

} // namespace present
