#pragma once

#include "actors/partition/operation.hpp"
#include "schemas/rpc.capnp.h"

/// A call of a session between its plain structs and schemas/rpc.capnp; both
/// ends use it. Operations and answers go by actors/partition/operation_codec.
namespace present {

void encode_request(const request& from, schema::Request::Builder to);

/// `too_large` names the limit, before anything is copied; `invalid` is a kind
/// of operation that this program doesn't know. What an operation means, and the
/// limits of its fields, are the partition's to judge.
result<request> decode_request(schema::Request::Reader from);

void encode_response(const response& from, schema::Response::Builder to);
response decode_response(schema::Response::Reader from);

/// What to ask for when making the message: one segment, no copy while growing.
capnp::MessageSize encoded_size(const request& from);
capnp::MessageSize encoded_size(const response& from);

} // namespace present
