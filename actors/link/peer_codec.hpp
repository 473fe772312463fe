#pragma once

#include "actors/raft/raft_types.hpp"
#include "runtime/base/error.hpp"
#include "schemas/peer.capnp.h"

/// Raft's messages between their plain structs and schemas/peer.capnp.
namespace present {

/// A message and the partition, one of many on the link, that it is for.
struct partition_message {
  partition_id partition;
  raft::message what;
};

void encode_message(partition_id partition, const raft::message& from,
                    schema::RaftMessage::Builder to);

/// `invalid` for a kind of message or entry that this program doesn't know.
result<partition_message> decode_message(schema::RaftMessage::Reader from);

} // namespace present
