#pragma once

#include "actors/partition/conditions.hpp"
#include "storage/record.hpp"

#include <cstdint>
#include <string>

/// What clients ask of a lock, which is a record of the partition that has its key.
/// It is no value: the same (space, key) may have one besides. An election is a lock
/// whose holder publishes a value.
///
///     acquire_lock ─▶ held, with a token ──keep_lock, while it lives──▶ …
///          │ (another holds it)   ▲                │ release_lock, or nobody kept it
///          └─▶ in the queue ──────┘ first come ◀───┘ alive: the next one has it
///                keep_lock waits for that
///
/// A session that ends (`end_session`) gives up at once, and in one entry of each
/// partition's log, what it holds and what it waits for.
///
/// The *token* is the stamp of the grant: it never repeats and grows from grant to
/// grant. A write that carries it (`lock_fence`) is refused as `fenced` when a later
/// one is known.
namespace present {

using storage::claim_id;

/// How long a claim lives without being kept alive.
inline constexpr std::uint32_t min_lease_ms = 200;
inline constexpr std::uint32_t max_lease_ms = 60 * 60 * 1000;
/// Who holds a lock, or what a leader says, for people and programs.
inline constexpr std::size_t max_lock_owner = 256;
inline constexpr std::size_t max_lock_value = 4096;
/// In one lock's queue, and in all of a partition: beyond that `overloaded`.
inline constexpr std::size_t max_lock_claims = 1000;
inline constexpr std::size_t max_partition_locks = 100'000;
/// Of one session in one partition: its end is one entry, which takes about 5 µs for each.
inline constexpr std::size_t max_session_claims = 10'000;

/// Into the lock's hands, or at the end of its queue. Of a claim that has it: its
/// lease, owner and value are these from now on.
///
/// `ok`, `version` the token; or, with `otherwise`, it waits. Without `wait`, of one
/// that another holds: `version_conflict` with that one's token.
struct acquire_lock {
  space_id space;
  std::string key;
  claim_id claim; ///< drawn by its client, for this try to hold it
  std::uint32_t lease_ms = 0;
  bool wait = false;
  std::string owner;
  bytes_ptr value;
  /// Goes with the session of the operation's client. Else by its lease or release alone.
  bool of_session = false;

  friend bool operator==(const acquire_lock& a, const acquire_lock& b) {
    return a.space == b.space && a.key == b.key && a.claim == b.claim
           && a.lease_ms == b.lease_ms && a.wait == b.wait && a.owner == b.owner
           && a.of_session == b.of_session && !a.value == !b.value && (!a.value || *a.value == *b.value);
  }
};

/// A read, linearizable: the claim lives on for its lease from when this arrived.
/// `ok`, `version` the token; or, with `otherwise`, it waits still, after at most
/// `wait_ms` here. `fenced`: the claim is no more.
struct keep_lock {
  space_id space;
  std::string key;
  claim_id claim;
  std::uint32_t wait_ms = 0;
  friend bool operator==(const keep_lock&, const keep_lock&) = default;
};

/// Of a claim that isn't there: `not_found`.
struct release_lock {
  space_id space;
  std::string key;
  claim_id claim;
  friend bool operator==(const release_lock&, const release_lock&) = default;
};

/// The operation's client has ended its session: its claims here go, held or waiting, all
/// with this entry, and none that it asked for before is taken any more, however late it
/// comes: what `retry_until` says is no earlier than of any of those. `ok`, also of a client
/// that has none. A session that ends otherwise, with its program, has leases for that.
struct end_session {
  space_id space; ///< of any key of the partition that is meant
  std::string key;
  friend bool operator==(const end_session&, const end_session&) = default;
};

/// A read, linearizable: who holds it (`answer::lock`), also if nobody does; as soon
/// as that isn't `known` any more, or after `wait_ms`.
struct read_lock {
  space_id space;
  std::string key;
  hlc_stamp known; ///< `lock_standing::version` that the caller has
  std::uint32_t wait_ms = 0;
  friend bool operator==(const read_lock&, const read_lock&) = default;
};

/// The operation's fence is known to the partition that has this key: whoever comes
/// with an older token is refused from then on (P14).
struct raise_fence {
  space_id space;
  std::string key;
  friend bool operator==(const raise_fence&, const raise_fence&) = default;
};

/// What a write says of the lock under which it is made.
struct lock_fence {
  space_id space; ///< the lock's
  std::string key;
  hlc_stamp token;
  friend bool operator==(const lock_fence&, const lock_fence&) = default;
};

struct lock_standing {
  hlc_stamp version; ///< of its last change of hands or value; 0: nobody has it
  hlc_stamp token;   ///< of whoever holds it; 0: nobody
  std::uint32_t lease_ms = 0;
  std::uint32_t waiting = 0; ///< how many are in its queue
  std::string owner;
  bytes_ptr value;

  friend bool operator==(const lock_standing& a, const lock_standing& b) {
    return a.version == b.version && a.token == b.token && a.lease_ms == b.lease_ms
           && a.waiting == b.waiting && a.owner == b.owner && !a.value == !b.value
           && (!a.value || *a.value == *b.value);
  }
};

/// A claim by its lock.
struct claim_name {
  storage::key_name lock;
  claim_id claim;
  friend auto operator<=>(const claim_name&, const claim_name&) = default;
};

} // namespace present
