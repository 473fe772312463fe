#include "actors/partition/locks_codec.hpp"

#include "schemas/capnp_text.hpp"
#include "schemas/honest_list.hpp"

namespace present {

namespace {

using schema::bytes_of;
using schema::data_of;
using schema::string_of;

void encode_where(space_id space, const std::string& key, schema::Place::Builder to) {
  to.setSpace(space.value);
  to.setKey(data_of(key));
}

} // namespace

void encode_acquire(const acquire_lock& from, schema::AcquireLock::Builder to) {
  encode_where(from.space, from.key, to.initWhere());
  to.setClaim(from.claim.value);
  to.setLeaseMs(from.lease_ms);
  to.setWait(from.wait);
  to.setOwner(data_of(from.owner));
  to.setHasValue(from.value != nullptr);
  if (from.value)
    to.setValue(data_of(from.value));
  to.setOfSession(from.of_session);
}

acquire_lock decode_acquire(schema::AcquireLock::Reader from) {
  return {{from.getWhere().getSpace()},
          string_of(from.getWhere().getKey()),
          {from.getClaim()},
          from.getLeaseMs(),
          from.getWait(),
          string_of(from.getOwner()),
          from.getHasValue() ? bytes_of(from.getValue()) : nullptr,
          from.getOfSession()};
}

void encode_keep(const keep_lock& from, schema::KeepLock::Builder to) {
  encode_where(from.space, from.key, to.initWhere());
  to.setClaim(from.claim.value);
  to.setWaitMs(from.wait_ms);
}

keep_lock decode_keep(schema::KeepLock::Reader from) {
  return {{from.getWhere().getSpace()},
          string_of(from.getWhere().getKey()),
          {from.getClaim()},
          from.getWaitMs()};
}

void encode_release(const release_lock& from, schema::ReleaseLock::Builder to) {
  encode_where(from.space, from.key, to.initWhere());
  to.setClaim(from.claim.value);
}

release_lock decode_release(schema::ReleaseLock::Reader from) {
  return {{from.getWhere().getSpace()}, string_of(from.getWhere().getKey()), {from.getClaim()}};
}

void encode_end(const end_session& from, schema::Place::Builder to) {
  encode_where(from.space, from.key, to);
}

end_session decode_end(schema::Place::Reader from) {
  return {{from.getSpace()}, string_of(from.getKey())};
}

void encode_read_lock(const read_lock& from, schema::ReadLock::Builder to) {
  encode_where(from.space, from.key, to.initWhere());
  to.setKnown(from.known.value);
  to.setWaitMs(from.wait_ms);
}

read_lock decode_read_lock(schema::ReadLock::Reader from) {
  return {{from.getWhere().getSpace()},
          string_of(from.getWhere().getKey()),
          {from.getKnown()},
          from.getWaitMs()};
}

void encode_raise(const raise_fence& from, schema::Place::Builder to) {
  encode_where(from.space, from.key, to);
}

raise_fence decode_raise(schema::Place::Reader from) {
  return {{from.getSpace()}, string_of(from.getKey())};
}

void encode_fence(const lock_fence& from, schema::LockFence::Builder to) {
  encode_where(from.space, from.key, to.initWhere());
  to.setToken(from.token.value);
}

lock_fence decode_fence(schema::LockFence::Reader from) {
  return {{from.getWhere().getSpace()}, string_of(from.getWhere().getKey()), {from.getToken()}};
}

void encode_standing(const lock_standing& from, schema::LockStanding::Builder to) {
  to.setVersion(from.version.value);
  to.setToken(from.token.value);
  to.setLeaseMs(from.lease_ms);
  to.setWaiting(from.waiting);
  to.setOwner(data_of(from.owner));
  to.setHasValue(from.value != nullptr);
  if (from.value)
    to.setValue(data_of(from.value));
}

lock_standing decode_standing(schema::LockStanding::Reader from) {
  return {{from.getVersion()},        {from.getToken()},           from.getLeaseMs(),
          from.getWaiting(),          string_of(from.getOwner()),
          from.getHasValue() ? bytes_of(from.getValue()) : nullptr};
}

void encode_expiry(const expire_claims& from, schema::EntryBatch::Command::Builder to) {
  auto claims = to.initExpire(static_cast<unsigned>(from.claims.size()));
  for (unsigned place = 0; place < from.claims.size(); ++place) {
    claims[place].setSpace(from.claims[place].lock.space.value);
    claims[place].setKey(data_of(from.claims[place].lock.key));
    claims[place].setClaim(from.claims[place].claim.value);
  }
}

expire_claims decode_expiry(schema::EntryBatch::Command::Reader from) {
  expire_claims what;
  for (const auto claim : schema::honest(from.getExpire()))
    what.claims.push_back(
      {{{claim.getSpace()}, string_of(claim.getKey())}, {claim.getClaim()}});
  return what;
}

} // namespace present
