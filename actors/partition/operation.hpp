#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/partition/conditions.hpp"
#include "actors/partition/locks.hpp"
#include "actors/partition/transact.hpp"
#include "actors/partition/two_phase.hpp"
#include "actors/partition/write_context.hpp"
#include "actors/watch/watch.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/hlc.hpp"
#include "runtime/base/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a client asks of a partition, and what it is told. Plain data, the same
/// from the client actor through the log to the state machine; on the wire and
/// in the log as schemas/operation.capnp.
namespace present {

// -- reads: never in the log -----------------------------------------------------

struct get {
  space_id space;
  std::string key;
  bool stale = false; ///< what the replica asked has applied will do
  /// As it was at this stamp; 0: as it is. From any replica that has come so far.
  hlc_stamp at = {};
  friend bool operator==(const get&, const get&) = default;
};

/// Keys in [first, last), in order. An empty `last` is the end of the space.
struct scan {
  space_id space;
  std::string first;
  std::string last;
  std::uint32_t limit = 0; ///< 0: bounds::max_scan_page
  bool keys_only = false;
  bool stale = false;
  hlc_stamp at = {}; ///< as in a `get`
  /// Instead of the values: what waits for somebody to decide (write_context.hpp).
  bool escalated = false;
  friend bool operator==(const scan&, const scan&) = default;
};

// -- writes: what a log entry carries --------------------------------------------

struct put {
  space_id space;
  std::string key;
  bytes_ptr value;
  condition when;
  write_context knows = {};
};

/// A soft delete: leaves a tombstone. Of an absent key: `not_found`.
struct remove_key {
  space_id space;
  std::string key;
  condition when;
  write_context knows = {};
  friend bool operator==(const remove_key&, const remove_key&) = default;
};

/// Root partition only: a named set of keys, cut into ranges that are spread over
/// the data partitions. Of a name that is there: `version_conflict`.
struct create_space {
  std::string name;
  /// How many ranges, cut evenly by the first byte of keys; 0 is 1. Or:
  std::uint32_t pieces = 0;
  /// Keys at which ranges begin besides the first, in rising order.
  std::vector<std::string> split_at;
  storage::space_settings settings = {};
  friend bool operator==(const create_space&, const create_space&) = default;
};

/// Root partition only: the space and all its keys go.
struct drop_space {
  std::string name;
  friend bool operator==(const drop_space&, const drop_space&) = default;
};

/// Root partition only: what isn't empty is from now on so.
struct set_space {
  std::string name;
  std::optional<storage::conflict_rules> conflicts;
  std::optional<std::uint64_t> closes_after_ms;
  std::optional<std::string> schema;
  std::optional<std::string> policy;
  std::optional<std::uint32_t> versions_kept; ///< of each key, from its next write on
  friend bool operator==(const set_space&, const set_space&) = default;

  /// `settings` with what isn't empty.
  storage::space_settings changing(storage::space_settings settings) const {
    settings.conflicts = conflicts.value_or(settings.conflicts);
    settings.closes_after_ms = closes_after_ms.value_or(settings.closes_after_ms);
    settings.schema = schema.value_or(settings.schema);
    settings.policy = policy.value_or(settings.policy);
    settings.versions_kept = versions_kept.value_or(settings.versions_kept);
    return settings;
  }
};

// What operators and the nodes themselves ask of the root (membership).

/// A node joins; or it comes back with another store, having lost its data. Of a
/// node that is there like this already: nothing happens.
struct add_node {
  node_id node;
  store_id store;
  std::string rpc_address;
  std::string http_address;
  friend bool operator==(const add_node&, const add_node&) = default;
};

/// The node is to give its replicas to others; with `undo`, to keep what it has.
struct drain_node {
  node_id node;
  bool undo = false;
  friend bool operator==(const drain_node&, const drain_node&) = default;
};

/// The node leaves for good: only when no partition has it as a member any more, nor wants
/// it, nor may yet make it one.
struct remove_node {
  node_id node;
  friend bool operator==(const remove_node&, const remove_node&) = default;
};

/// From a partition's leader: its voters as of `index` of its log. An older index
/// than the root has: nothing happens.
struct report_members {
  partition_id partition;
  log_index index;
  std::vector<node_id> voters;
  /// It changes its members by this map or a later one, and its learners are all wanted
  /// by it. 0: it doesn't say.
  map_epoch by_map;
  friend bool operator==(const report_members&, const report_members&) = default;
};

// -- an operation and its answer -------------------------------------------------

/// How far ahead of its entry's stamp an operation's `retry_until` may lie: what
/// is remembered has to be bounded in time as well. Far above any deadline, so
/// that a client whose clock is minutes ahead is still served.
inline constexpr std::uint64_t max_retry_window_ms = 15 * 60 * 1000;

struct operation {
  operation_id id;
  /// An entry stamped later than this refuses the operation; the answer is kept
  /// until then (P4). Without meaning for reads.
  hlc_stamp retry_until;
  /// The client has the answers of all its operations below this number.
  operation_number acked_below;
  /// Not 0: the client id stands for its caller's own name for this work (an
  /// Idempotency-Key), and this for all that was asked under it, so that other
  /// work under the same name is refused rather than taken for a retry.
  std::uint64_t fingerprint = 0;
  std::variant<get, scan, put, remove_key, create_space, drop_space, add_node,
               drain_node, remove_node, report_members, transact, prepare, decide, resolve,
               push, forget, watch, acquire_lock, keep_lock, release_lock, read_lock,
               raise_fence, set_space, settle_escalation, end_session, aftermath>
    what;
  /// A write under a lock: refused as `fenced` if its token is not the last one that
  /// the partition knows of. Null: none. Of a transaction over several partitions each
  /// `prepare` and the `decide` have it.
  std::shared_ptr<const lock_fence> fence;

  /// A transaction that changes nothing is one: it needs no place in the log, unless its
  /// fence is to be judged (P14: guarded reads count).
  bool is_read() const {
    if (const auto* all = std::get_if<transact>(&what))
      return all->is_read_only() && !fence;
    return what.index() <= 1 || std::holds_alternative<watch>(what) || is_lock_read();
  }
  /// The stamp that it reads at; 0: now.
  hlc_stamp reads_at() const {
    const auto* one = std::get_if<get>(&what);
    const auto* many = std::get_if<scan>(&what);
    return one ? one->at : many ? many->at : hlc_stamp{};
  }
  bool is_lock_read() const {
    return std::holds_alternative<keep_lock>(what) || std::holds_alternative<read_lock>(what);
  }
  /// It may wait at the partition for longer than a round trip.
  bool may_wait() const {
    const auto* kept = std::get_if<keep_lock>(&what);
    const auto* looked = std::get_if<read_lock>(&what);
    return std::holds_alternative<watch>(what) || (kept && kept->wait_ms > 0)
           || (looked && looked->wait_ms > 0);
  }
  bool is_stale_read() const {
    const auto* one = std::get_if<get>(&what);
    const auto* many = std::get_if<scan>(&what);
    return (one && one->stale) || (many && many->stale);
  }
};

using scan_row = storage::result_row;

/// A key, and the writes of it that wait for somebody to decide.
struct escalated_row {
  std::string key;
  std::vector<storage::escalated_write> writes;
  friend bool operator==(const escalated_row&, const escalated_row&) = default;
};

struct answer {
  operation_id id;
  error_code code = error_code::ok;
  outcome known = outcome::applied;
  /// get: the value's version. A write: the version that it made. A conflict:
  /// the version that is there now, 0 for none.
  hlc_stamp version;
  bytes_ptr value; ///< get
  std::vector<scan_row> rows; ///< scan
  std::vector<escalated_row> escalated; ///< scan of what waits for somebody to decide
  bool more = false;          ///< scan: cut by the limit
  /// transact, prepare: what each step of the branch that was taken came to, in
  /// their order; null: all of them wrote, at `version`.
  storage::step_results steps;
  std::shared_ptr<const watched_page> watched; ///< watch
  /// transact, prepare: the comparisons failed; push: it is aborted; acquire_lock,
  /// keep_lock: it waits in the queue.
  bool otherwise = false;
  bool took_otherwise = false; ///< push: it is committed, and its comparisons had failed
  /// prepare, of one that compares; its writes aren't told.
  std::shared_ptr<const storage::other_branch> branch;
  /// What stood in the way, if it was a transaction that has locked it (P11).
  std::shared_ptr<const lock_holder> holder;
  std::shared_ptr<const lock_standing> lock; ///< read_lock
  /// A retry: the answer is the first try's (P4). Also of what is `invalid` because
  /// its name was used for something else.
  bool repeated = false;
  /// A write met a conflict, and what became of it (C1 to C5).
  std::optional<conflict::note> conflict;
  std::string message; ///< for people; empty unless an error
};

/// What one client call brings to one partition.
struct request {
  partition_id partition;
  map_epoch epoch;    ///< of the map that the client used
  hlc_stamp seen;     ///< the highest stamp that the client has seen (P23)
  std::uint32_t deadline_ms = 0; ///< from arrival; 0: bounds::default_deadline_ms
  std::string traceparent;       ///< W3C, may be empty
  std::vector<operation> operations;
};

/// Answers in the order of the operations; or one error for all of them.
struct response {
  std::vector<answer> answers;
  error failure; ///< code ok: `answers` counts
  hlc_stamp stamp; ///< at or above every version in the answers
  map_epoch epoch;
  node_id leader; ///< 0: unknown
};

// -- what a log entry carries ----------------------------------------------------

/// Root partition only, once: the cluster is born with this map.
struct found_catalog {
  cluster_map_ptr map;
};

/// What the partition owns from here on, by the map of `epoch`. One that isn't
/// newer than what the partition has changes nothing.
struct adopt_share {
  map_epoch epoch;
  std::vector<storage::key_range> owned;
  std::vector<storage::owned_space> spaces = {}; ///< rising; not as by default
  friend bool operator==(const adopt_share&, const adopt_share&) = default;
};

/// Where the replicas take the digests of their states, to be compared (P24).
struct digest_marker {
  friend bool operator==(digest_marker, digest_marker) = default;
};

/// Nobody kept these claims alive, by the leader's clock. Those that are there go, and
/// whoever is next has the lock. Its entry has no operations, so that no two grants
/// have one stamp.
struct expire_claims {
  std::vector<claim_name> claims;
  friend bool operator==(const expire_claims&, const expire_claims&) = default;
};

/// What a leader logs of its own accord. It has no session: applying it twice is
/// the same as once.
using own_command
  = std::variant<std::monostate, found_catalog, adopt_share, digest_marker, expire_claims>;

/// One batch: first `command`, then the operations. The operation at place i is
/// stamped `first_stamp` + i, so that no two operations of a log share a stamp.
struct entry_batch {
  /// Program versions agree on what applying means by this number (P1): an entry says the
  /// lowest under which it means what it does (`version_needed`), and programs that haven't
  /// that one stop at it rather than differ. 3: claims that go with a session, transactions
  /// of two branches over several partitions, and those into spaces with rules. 4: the
  /// root remembers who is wanted no more until the partition's leader knows. 5: fences of
  /// transactions over several partitions. 6: an aftermath.
  static constexpr std::uint16_t current_machine_version = 6;
  static constexpr std::uint16_t version_before_aftermaths = 5;
  static constexpr std::uint16_t version_before_wide_fences = 4;
  static constexpr std::uint16_t version_before_departures = 3;
  static constexpr std::uint16_t version_before_branches = 2;

  std::uint16_t machine_version = current_machine_version;
  hlc_stamp first_stamp;
  own_command command;
  std::vector<operation> operations; ///< writes only

  hlc_stamp stamp_of(std::size_t place) const {
    return {first_stamp.value + place};
  }
  /// The highest stamp that the entry takes, also without operations.
  hlc_stamp last_stamp() const {
    return operations.empty() ? first_stamp : stamp_of(operations.size() - 1);
  }
};

inline bool needs_sessions_claims(const operation& what) {
  const auto* acquired = std::get_if<acquire_lock>(&what.what);
  return (acquired && acquired->of_session) || std::holds_alternative<end_session>(what.what);
}

/// Both branches are prepared, or what the leader found out of a transaction's writes
/// decides it.
inline bool needs_branches(const operation& what) {
  const auto* alone = std::get_if<transact>(&what.what);
  const auto* prepared = std::get_if<prepare>(&what.what);
  const auto* decided = std::get_if<decide>(&what.what);
  const auto* resolved = std::get_if<resolve>(&what.what);
  return (alone && alone->found) || (prepared && (prepared->compares || prepared->part.found))
         || (decided && (decided->part.found || decided->fails || !decided->part.compare.empty()
                         || !decided->part.otherwise.empty()))
         || (resolved && resolved->otherwise);
}

/// What changes who is wanted, or tells what came of it.
inline bool needs_departures(const operation& what) {
  return std::holds_alternative<add_node>(what.what)
         || std::holds_alternative<drain_node>(what.what)
         || std::holds_alternative<remove_node>(what.what)
         || std::holds_alternative<report_members>(what.what);
}

/// A part of a transaction that locks its fence, or is decided under it.
inline bool needs_wide_fences(const operation& what) {
  return what.fence
         && (std::holds_alternative<prepare>(what.what)
             || std::holds_alternative<decide>(what.what));
}

inline std::uint16_t version_needed(const operation& what) {
  if (std::holds_alternative<aftermath>(what.what))
    return entry_batch::current_machine_version;
  if (needs_wide_fences(what))
    return entry_batch::version_before_aftermaths;
  if (needs_departures(what))
    return entry_batch::version_before_wide_fences;
  return needs_sessions_claims(what) || needs_branches(what)
           ? entry_batch::version_before_departures
           : entry_batch::version_before_branches;
}

inline std::uint16_t version_needed(const entry_batch& batch) {
  auto needed = entry_batch::version_before_branches;
  for (const auto& one : batch.operations)
    needed = std::max(needed, version_needed(one));
  return needed;
}

} // namespace present
