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

// As values of keys have it: behind `storage::crdt_head`, so that whoever reads a value
// can tell what it is.

bool is_stored(std::string_view bytes);
std::string encode_stored(const crdt_value& what);
/// `damaged` also where the head is missing.
result<crdt_value> decode_stored(std::string_view bytes);
/// `bytes`, if they are one.
result<std::string> checked(std::string_view bytes);
/// `join_encoded` of what is stored.
result<std::string> join_stored(std::string_view current, std::string_view written);

} // namespace present::crdt
