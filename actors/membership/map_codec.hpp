#pragma once

#include "actors/membership/cluster_map.hpp"
#include "runtime/base/error.hpp"

#include "schemas/map.capnp.h"

#include <string>
#include <string_view>

/// The map between its struct and schemas/map.capnp.
namespace present {

void encode_map(const cluster_map& from, schema::ClusterMap::Builder to);
/// `invalid`: a node's state that this program doesn't know.
result<cluster_map> decode_map(schema::ClusterMap::Reader from);

/// A message of its own, as a node keeps it on its disk. `damaged` if bytes are none.
std::string encode_map(const cluster_map& from);
result<cluster_map> decode_map(std::string_view bytes);

} // namespace present
