#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/hlc.hpp"
#include "runtime/base/ids.hpp"
#include "storage/conflict_rules.hpp"
#include "storage/keys.hpp"
#include "storage/log_entry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a partition's state is made of: plain structs, std only. Their bytes are
/// described by schemas/record.capnp and written by one `*_codec` each.
///
/// A new record: a struct here, a kind in keys.hpp, a struct in record.capnp, a
/// codec, a line in record_codec.cpp and one in digest.cpp.
namespace present::storage {

/// A value's bytes are shared, never copied, between entry, tables and readers.
using value_ptr = raft::payload_ptr;

/// A user's value, or the mark that it was deleted. The mark keeps the version
/// until a logged command collects it (P3).
struct value_record {
  hlc_stamp version; ///< commit stamp, rising per key (P2)
  bool tombstone = false;
  value_ptr bytes; ///< null is the empty value
  /// The key was absent before, and had never been there as far as is known: whoever asks
  /// for an earlier stamp hears so. Known where versions are kept.
  bool is_first = false;
  /// Of a write that came with one, as imports and other regions do.
  std::optional<authorship> at = {};

  std::string_view view() const {
    return bytes ? std::string_view{*bytes} : std::string_view{};
  }
  friend bool operator==(const value_record& a, const value_record& b) {
    return a.version == b.version && a.tombstone == b.tombstone && a.is_first == b.is_first
           && a.view() == b.view() && a.at == b.at;
  }
};

/// To those who read: what was removed is as absent as what never was.
inline bool is_there(const std::optional<value_record>& found) {
  return found && !found->tombstone;
}

struct result_row {
  std::string key;
  hlc_stamp version;
  value_ptr value; ///< null: only the key was asked for
};

inline bool operator==(const result_row& a, const result_row& b) {
  return a.key == b.key && a.version == b.version && !a.value == !b.value
         && (!a.value || *a.value == *b.value);
}

/// What one step of a transaction came to.
struct step_result {
  error_code code = error_code::ok; ///< or not_found
  hlc_stamp version;                ///< of what was read, or of what was written
  value_ptr value;                  ///< read, or made by an arithmetic step
  std::vector<result_row> rows;     ///< of a scan
  bool more = false;                ///< a scan: cut by its limit

  friend bool operator==(const step_result& a, const step_result& b) {
    return a.code == b.code && a.version == b.version && a.rows == b.rows && a.more == b.more
           && !a.value == !b.value && (!a.value || *a.value == *b.value);
  }
};
/// Shared, never copied, between an answer and what is remembered of it.
using step_results = std::shared_ptr<const std::vector<step_result>>;

inline bool same_results(const step_results& a, const step_results& b) {
  return !a == !b && (!a || *a == *b);
}

/// What an operation was answered, kept so that a retry hears the same (P4).
struct session_answer {
  operation_number number;
  hlc_stamp retry_until;
  error_code code = error_code::ok;
  hlc_stamp version;
  std::uint32_t flags = 0; ///< the state machine's own
  step_results steps;      ///< of a transaction; null: what follows from the rest

  friend bool operator==(const session_answer& a, const session_answer& b) {
    return a.number == b.number && a.retry_until == b.retry_until && a.code == b.code
           && a.version == b.version && a.flags == b.flags && same_results(a.steps, b.steps);
  }
};

struct session_record {
  client_id client;
  std::string identity; ///< who opened it: a SPIFFE id; quotas count by it
  operation_number acked_below;
  hlc_stamp live_until; ///< highest `retry_until` seen: forgotten after it
  std::vector<session_answer> answers; ///< rising numbers, none below `acked_below`
  /// Not 0: of one piece of work that its caller has a name for.
  std::uint64_t fingerprint = 0;
  bool ended = false; ///< by its client: it takes no lock any more

  friend bool operator==(const session_record&,
                         const session_record&) = default;
};

enum class space_reach : std::uint8_t { region = 0, global = 1 };

struct space_settings {
  conflict_rules conflicts;
  space_reach reach = space_reach::region;
  std::uint32_t versions_kept = 1;
  /// Values older than this move to the archive; 0: never.
  std::uint64_t archive_after_ms = 0;
  std::string schema; ///< name of the values' schema; empty: bytes
  /// A write's `at` may lie so far before its entry; 0: as far as it likes (T1).
  std::uint64_t closes_after_ms = 0;
  std::string policy; ///< name of the rule that judges writes; empty: none

  friend bool operator==(const space_settings&,
                         const space_settings&) = default;
};

/// Root partition only. Dropping a space erases its record; its number is never
/// used again (`partition_map_record::next_space`).
struct space_record {
  space_id id;
  std::string name;
  space_settings settings;
  hlc_stamp version;

  friend bool operator==(const space_record&, const space_record&) = default;
};

enum class node_state : std::uint8_t {
  active = 1,
  draining = 2, ///< gives its replicas away
  left = 3,     ///< its number may come back, with another store
};

struct node_record {
  node_id node;
  store_id store; ///< other stores of this node are ignored (P19)
  node_state state = node_state::active;
  std::string rpc_address;
  std::string http_address;
  hlc_stamp version;

  friend bool operator==(const node_record&, const node_record&) = default;
};

/// One partition's share: all keys from (space, key) up to the next share's, or to
/// the end of the space.
struct partition_share {
  space_id space;
  std::string first_key;
  partition_id partition;

  friend bool operator==(const partition_share&,
                         const partition_share&) = default;
};

/// Wanted no more since that map, by which the partition's leader didn't act yet when it
/// last told: it may make the node a member still.
struct departure {
  node_id node;
  map_epoch since;

  friend bool operator==(const departure&, const departure&) = default;
};

/// One raft group: who is to keep it, and who does.
struct placement {
  partition_id partition;
  /// The voters of its first configuration, in the stores they had then. Whoever
  /// finds nothing of the partition on its disk starts from these, so they never
  /// change.
  std::vector<raft::member_store> founders;
  /// Who shall keep it, in the order in which they are to lead.
  std::vector<node_id> wanted;
  /// Its voters as its leader last told, and where in its log that stands.
  std::vector<node_id> members;
  log_index members_index;
  std::vector<departure> departures;

  friend bool operator==(const placement&, const placement&) = default;
};

/// Root partition only.
struct partition_map_record {
  map_epoch epoch;
  std::string cluster; ///< trust domain
  std::vector<partition_share> shares; ///< rising (space, key)
  std::vector<placement> placements;   ///< rising partition, the root's first
  space_id next_space;

  friend bool operator==(const partition_map_record&,
                         const partition_map_record&) = default;
};

/// Keys of a space from `first` up to `last`, which is not among them; an empty
/// `last` is the end of the space.
struct key_range {
  space_id space;
  std::string first;
  std::string last;

  bool contains(std::string_view key) const {
    return key >= first && (last.empty() || key < last);
  }
  friend bool operator==(const key_range&, const key_range&) = default;
};

/// How the values of a space are kept, for a partition that has some of them.
struct owned_space {
  space_id space;
  space_settings settings;

  friend bool operator==(const owned_space&, const owned_space&) = default;
};

/// What the state machine itself must not forget. One per partition.
struct partition_record {
  hlc_stamp latest; ///< highest stamp applied
  hlc_stamp closed; ///< closed timestamp (P22)
  map_epoch epoch;  ///< of the map that `owned` is from
  std::uint32_t machine_version = 0; ///< replicated gate of P1
  std::uint64_t sessions = 0;        ///< how many rows of sessions there are
  std::vector<key_range> owned;      ///< rising (space, first), apart
  std::vector<space_id> leaving;     ///< no more owned; their keys are still to go
  hlc_stamp collected; ///< tombstones up to here may be gone: what was before isn't known
  std::vector<owned_space> spaces;   ///< rising; those that aren't as by default

  friend bool operator==(const partition_record&,
                         const partition_record&) = default;
};

struct key_name {
  space_id space;
  std::string key;

  friend auto operator<=>(const key_name&, const key_name&) = default;
};

/// What a transaction will write if it is committed: evaluated when it prepared.
struct intended_write {
  key_name where;
  bool tombstone = false;
  value_ptr bytes;

  friend bool operator==(const intended_write& a, const intended_write& b) {
    const auto view = [](const value_ptr& p) {
      return p ? std::string_view{*p} : std::string_view{};
    };
    return a.where == b.where && a.tombstone == b.tombstone && view(a.bytes) == view(b.bytes);
  }
};

/// Why a branch of a transaction can't be taken; `ok`: it can.
struct branch_problem {
  error_code code = error_code::ok;
  std::string message;

  friend bool operator==(const branch_problem&, const branch_problem&) = default;
};

/// Of a transaction that compares: which of its two branches is taken is home's to decide,
/// so each part prepares both. This is its part of the second, and what became of the first.
struct other_branch {
  bool is_certain = false; ///< a comparison failed here: no first branch was worked out
  branch_problem of_first;
  branch_problem of_this;
  std::vector<intended_write> writes; ///< locked exclusive, as those of the first
  step_results steps;

  friend bool operator==(const other_branch& a, const other_branch& b) {
    return a.is_certain == b.is_certain && a.of_first == b.of_first && a.of_this == b.of_this
           && a.writes == b.writes && same_results(a.steps, b.steps);
  }
};

/// A lock, and the token of the grant under which something has prepared.
struct relied_fence {
  key_name lock;
  hlc_stamp token;
  friend bool operator==(const relied_fence&, const relied_fence&) = default;
};

/// A transaction that has prepared here and hasn't been resolved: these are the locks
/// of this partition (P8). Named by its client and number.
struct prepared_record {
  client_id client;
  operation_number number;
  key_name home;      ///< the partition that has this key decides
  hlc_stamp start;    ///< of its first try (P13)
  hlc_stamp deadline; ///< of its decision (P9)
  hlc_stamp stamp;    ///< of the entry that prepared it (P22)
  std::vector<key_name> reads;   ///< locked shared
  std::vector<key_range> ranges; ///< likewise: nothing appears in them
  std::vector<intended_write> writes; ///< locked exclusive
  step_results steps; ///< told again when it prepares again
  std::shared_ptr<const other_branch> otherwise = {}; ///< null: it doesn't compare
  std::optional<relied_fence> fence = {}; ///< locked shared, too (P10)

  friend bool operator==(const prepared_record& a, const prepared_record& b) {
    return a.client == b.client && a.number == b.number && a.home == b.home
           && a.start == b.start && a.deadline == b.deadline && a.stamp == b.stamp
           && a.reads == b.reads && a.ranges == b.ranges && a.writes == b.writes
           && same_results(a.steps, b.steps) && !a.otherwise == !b.otherwise
           && (!a.otherwise || *a.otherwise == *b.otherwise) && a.fence == b.fence;
  }
};

/// How a transaction ended, as home decided it or as another partition was told (P9).
struct decision_record {
  client_id client;
  operation_number number;
  bool committed = false;
  hlc_stamp stamp;    ///< of the decision: the version of what it wrote
  hlc_stamp deadline; ///< kept until the log has passed it
  std::vector<key_name> waiting; ///< home's: who hasn't said that it has resolved it
  bool otherwise = false; ///< the second of its branches was taken

  friend bool operator==(const decision_record&, const decision_record&) = default;
};

/// A value that was replaced, for reads at a stamp.
struct past_value_record {
  value_record was;

  friend bool operator==(const past_value_record&, const past_value_record&) = default;
};

/// When a tombstone goes, by its key; the tombstone is the value itself.
struct tombstone_record {
  friend bool operator==(const tombstone_record&, const tombstone_record&) = default;
};

/// Drawn at random by whoever wants a lock.
using claim_id = strong_id<struct claim_id_tag, std::uint64_t>;

struct lock_claim {
  claim_id claim;
  std::uint32_t lease_ms = 0;
  std::string owner; ///< for people
  value_ptr value;   ///< what its holder publishes; null: nothing
  client_id session = {}; ///< the client with whose session it goes; 0: of none

  friend bool operator==(const lock_claim& a, const lock_claim& b) {
    return a.claim == b.claim && a.lease_ms == b.lease_ms && a.owner == b.owner
           && a.session == b.session && !a.value == !b.value && (!a.value || *a.value == *b.value);
  }
};

/// A lock that somebody holds; there is none of one that is free.
struct lock_record {
  hlc_stamp token;   ///< stamp of its grant to the first claim
  hlc_stamp version; ///< of the last change of who holds it or what is published
  std::vector<lock_claim> claims; ///< its holder, then its queue, first come first served

  friend bool operator==(const lock_record&, const lock_record&) = default;
};

/// The highest token of a lock of another partition that has come here.
struct fence_record {
  hlc_stamp token;

  friend bool operator==(const fence_record&, const fence_record&) = default;
};

/// A write that waits for somebody to decide: all that it takes to make it later.
struct escalated_write {
  hlc_stamp stamp; ///< of the entry that had it: its name among those of the key
  std::string path; ///< to whom
  std::string reason; ///< in plain words
  hlc_stamp current;  ///< the version that it met; 0: none
  bool tombstone = false;
  value_ptr bytes;
  std::optional<authorship> at;

  friend bool operator==(const escalated_write& a, const escalated_write& b) {
    const auto view = [](const value_ptr& p) {
      return p ? std::string_view{*p} : std::string_view{};
    };
    return a.stamp == b.stamp && a.path == b.path && a.reason == b.reason
           && a.current == b.current && a.tombstone == b.tombstone
           && view(a.bytes) == view(b.bytes) && a.at == b.at;
  }
};

/// All writes of one key that wait for somebody, rising by stamp; no record: none does.
struct escalation_record {
  std::vector<escalated_write> writes;

  friend bool operator==(const escalation_record&, const escalation_record&) = default;
};

/// Closed: alternatives stand in the order of `record_kind`.
using record = std::variant<partition_record, space_record, node_record,
                            partition_map_record, session_record, value_record,
                            prepared_record, decision_record, past_value_record,
                            tombstone_record, lock_record, fence_record,
                            escalation_record>;
static_assert(std::variant_size_v<record> == static_cast<std::size_t>(last_record_kind));

/// The kind under whose keys this record is stored.
inline record_kind kind_of(const record& what) {
  return static_cast<record_kind>(what.index() + 1);
}

/// A record and its key, as scans return them.
struct row {
  record_key key;
  record what;

  friend bool operator==(const row&, const row&) = default;
};

} // namespace present::storage
