#pragma once

#include "actors/partition/operation.hpp"

#include "schemas/entry.capnp.h"
#include "schemas/operation.capnp.h"

/// Locks between structs and schemas/operation.capnp. What doesn't keep to limits is
/// decoded as it is, and refused by those who look at limits.
namespace present {

void encode_acquire(const acquire_lock& from, schema::AcquireLock::Builder to);
acquire_lock decode_acquire(schema::AcquireLock::Reader from);

void encode_keep(const keep_lock& from, schema::KeepLock::Builder to);
keep_lock decode_keep(schema::KeepLock::Reader from);

void encode_release(const release_lock& from, schema::ReleaseLock::Builder to);
release_lock decode_release(schema::ReleaseLock::Reader from);

void encode_end(const end_session& from, schema::Place::Builder to);
end_session decode_end(schema::Place::Reader from);

void encode_read_lock(const read_lock& from, schema::ReadLock::Builder to);
read_lock decode_read_lock(schema::ReadLock::Reader from);

void encode_raise(const raise_fence& from, schema::Place::Builder to);
raise_fence decode_raise(schema::Place::Reader from);

void encode_fence(const lock_fence& from, schema::LockFence::Builder to);
lock_fence decode_fence(schema::LockFence::Reader from);

void encode_standing(const lock_standing& from, schema::LockStanding::Builder to);
lock_standing decode_standing(schema::LockStanding::Reader from);

void encode_expiry(const expire_claims& from, schema::EntryBatch::Command::Builder to);
expire_claims decode_expiry(schema::EntryBatch::Command::Reader from);

} // namespace present
