#pragma once

#include "runtime/base/error.hpp"
#include "storage/crdt/crdt_value.hpp"

#include <string>
#include <string_view>

namespace present::crdt {

/// A value as bytes (schemas/crdt.capnp), the same bytes for the same value: what is
/// equal by content has equal digests.
std::string encode_crdt(const crdt_value& what);

/// `damaged` where bytes are no such message, or not the bytes that `encode_crdt` makes
/// of what they say: names out of order, a count of 0, a change outside of its context.
/// `too_large` beyond `bounds::max_value`.
result<crdt_value> decode_crdt(std::string_view bytes);

/// What both become, a value and a delta or two values: the function `crdt` of spaces
/// whose conflicts are merged. The errors are those of `decode_crdt`, and `invalid` for
/// values of two kinds, `too_large` for what both become.
result<std::string> join_encoded(std::string_view current, std::string_view written);

} // namespace present::crdt
