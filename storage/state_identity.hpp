#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"

#include <string>
#include <string_view>

namespace present::storage {

/// Whose state folder this is: a state belongs to one incarnation of its node's
/// data (P19).
struct state_identity {
  std::string cluster;
  partition_id partition;
  store_id store;

  friend bool operator==(const state_identity&,
                         const state_identity&) = default;
};

/// A folder's first value, as bytes (schemas/record.capnp) and back. `format` is
/// read even where the rest is newer.
struct stored_state_identity {
  std::uint32_t format = 0;
  state_identity whose;
};
std::string encode_state_identity(const stored_state_identity& identity);
result<stored_state_identity> decode_state_identity(std::string_view bytes);

} // namespace present::storage
