#pragma once

#include "actors/partition/transact.hpp"
#include "actors/partition/two_phase.hpp"
#include "runtime/base/error.hpp"

#include "schemas/operation.capnp.h"

/// Transactions and what partitions ask of each other for them, as
/// schemas/operation.capnp. Decoding answers `invalid` where a number stands for
/// nothing this program knows; lists are cut one beyond their limit, so that whoever
/// checks it refuses them.
namespace present {

void encode_transact(const transact& from, schema::Transact::Builder to);
result<transact> decode_transact(schema::Transact::Reader from);

void encode_terms(const transaction_terms& from, schema::Terms::Builder to);
transaction_terms decode_terms(schema::Terms::Reader from);

/// Without what it writes.
void encode_branch(const storage::other_branch& from, schema::OtherBranch::Builder to);
std::shared_ptr<const storage::other_branch> decode_branch(schema::OtherBranch::Reader from);

void encode_prepare(const prepare& from, schema::Prepare::Builder to);
result<prepare> decode_prepare(schema::Prepare::Reader from);

void encode_decide(const decide& from, schema::Decide::Builder to);
result<decide> decode_decide(schema::Decide::Reader from);

void encode_resolve(const resolve& from, schema::Resolve::Builder to);
resolve decode_resolve(schema::Resolve::Reader from);

void encode_push(const push& from, schema::Push::Builder to);
push decode_push(schema::Push::Reader from);

void encode_forget(const forget& from, schema::Forget::Builder to);
forget decode_forget(schema::Forget::Reader from);

void encode_aftermath(const aftermath& from, schema::Aftermath::Builder to);
aftermath decode_aftermath(schema::Aftermath::Reader from);

} // namespace present
