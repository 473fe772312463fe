#pragma once

#include "actors/partition/operation.hpp"

/// The payload of a command entry: an `entry_batch` as schemas/entry.capnp.
namespace present {

bytes_ptr encode_entry(const entry_batch& batch);

/// `damaged` if the bytes are no entry, `invalid` if a newer program wrote them.
result<entry_batch> decode_entry(std::string_view bytes);

} // namespace present
