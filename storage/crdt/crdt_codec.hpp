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

} // namespace present::crdt
