#pragma once

#include "actors/partition/operation.hpp"

#include "schemas/operation.capnp.h"

/// Operations and answers between their plain structs and schemas/operation.capnp.
/// The one place that knows both; used by the log's codec and the wire's.
namespace present {

void encode_operation(const operation& from, schema::Operation::Builder to);

/// `invalid` for a union member that this program doesn't know.
result<operation> decode_operation(schema::Operation::Reader from);

void encode_answer(const answer& from, schema::Answer::Builder to);
answer decode_answer(schema::Answer::Reader from);

} // namespace present
