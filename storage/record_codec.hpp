#pragma once

#include "storage/digest.hpp"
#include "storage/record.hpp"

#include <string>
#include <string_view>

/// A record as bytes (schemas/record.capnp) and back; which struct it is, and
/// what else the key says, comes from the key. One `*_codec.cpp` per record.
/// Decoding answers `damaged` where bytes are no such message.
namespace present::storage {

std::string encode_record(const record& what);
result<record> decode_record(const record_key& key, std::string_view bytes);

std::string encode_partition(const partition_record& what);
result<partition_record> decode_partition(std::string_view bytes);

std::string encode_space(const space_record& what);
result<space_record> decode_space(space_id id, std::string_view bytes);

std::string encode_node(const node_record& what);
result<node_record> decode_node(node_id id, std::string_view bytes);

std::string encode_partition_map(const partition_map_record& what);
result<partition_map_record> decode_partition_map(std::string_view bytes);

std::string encode_session(const session_record& what);
result<session_record> decode_session(client_id id, std::string_view bytes);

std::string encode_value(const value_record& what);
result<value_record> decode_value(std::string_view bytes);

std::string encode_prepared(const prepared_record& what);
result<prepared_record> decode_prepared(client_id client, operation_number number,
                                        std::string_view bytes);

std::string encode_decision(const decision_record& what);
result<decision_record> decode_decision(client_id client, operation_number number,
                                        std::string_view bytes);

std::string encode_tombstone();
result<tombstone_record> decode_tombstone(std::string_view bytes);
std::string encode_escalation(const escalation_record& what);
result<escalation_record> decode_escalation(std::string_view bytes);

std::string encode_lock(const lock_record& what);
result<lock_record> decode_lock(std::string_view bytes);

std::string encode_fence(const fence_record& what);
result<fence_record> decode_fence(std::string_view bytes);

/// What the rows of a state add up to, beside them.
std::string encode_state_digest(const state_digest& what);
result<state_digest> decode_state_digest(std::string_view bytes);

} // namespace present::storage
