#pragma once

#include "actors/client/cluster_map.hpp"

#include "schemas/rpc.capnp.h"

/// The cluster map between its plain struct and schemas/rpc.capnp.
namespace present {

void encode_map(const cluster_map& from, schema::ClusterMap::Builder to);
cluster_map decode_map(schema::ClusterMap::Reader from);

} // namespace present
