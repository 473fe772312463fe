#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Values that the partitions themselves can change: integers, lists and sets, as
/// bytes under the same keys as any others. std only, for replicas evaluate these
/// (P1) and the same value has the same bytes on all of them.
///
///     00 'P' 'T' 'V'  kind:1  and by its kind
///       1  integer    number:8              big-endian, two's complement
///       2  list       (size:4 bytes)*       in the order in which they were appended
///       3  set        (size:4 bytes)*       rising, each once
///       4  crdt       000000:3 and a message of schemas/crdt.capnp (storage/crdt)
///
/// The layout is for good, like those of keys.hpp: a new kind takes the next number.
/// Bytes that begin otherwise are no typed value, and aren't changed by a step.
namespace present::storage {

struct integer_value {
  std::int64_t number = 0;
  friend bool operator==(integer_value, integer_value) = default;
};
struct list_value {
  std::vector<std::string> elements;
  friend bool operator==(const list_value&, const list_value&) = default;
};
struct set_value {
  std::vector<std::string> elements; ///< rising, apart
  friend bool operator==(const set_value&, const set_value&) = default;
};
using typed_value = std::variant<integer_value, list_value, set_value>;

std::string encode_typed(const typed_value& what);

/// Nothing if `bytes` are no typed value in the one form that it has.
std::optional<typed_value> decode_typed(std::string_view bytes);

/// "an integer", "a list", "a set", "a CRDT", "bytes": for people.
std::string_view type_name(std::string_view bytes);

/// `bytes` with one more element at its end, and so on; null `bytes`: absent. Errors
/// are `invalid`: another type is there, or the sum doesn't fit.
result<std::string> with_added(std::optional<std::string_view> bytes, std::int64_t operand);
result<std::string> with_least(std::optional<std::string_view> bytes, std::int64_t operand);
result<std::string> with_greatest(std::optional<std::string_view> bytes, std::int64_t operand);
result<std::string> with_appended(std::optional<std::string_view> bytes,
                                  std::string_view element);
result<std::string> with_inserted(std::optional<std::string_view> bytes,
                                  std::string_view element);
result<std::string> without_element(std::optional<std::string_view> bytes,
                                    std::string_view element);

/// What two sets have between them, or have both. Commutative, associative and
/// idempotent. Errors are `invalid`: one of them is no set.
result<std::string> union_of(std::string_view a, std::string_view b);
result<std::string> intersection_of(std::string_view a, std::string_view b);

/// What a CRDT's message stands behind: whole words, so that the message stays aligned.
inline constexpr std::string_view crdt_head{"\0PTV\4\0\0\0", 8};

} // namespace present::storage
