#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/hlc.hpp"
#include "runtime/base/ids.hpp"
#include "storage/keys.hpp"
#include "storage/log_entry.hpp"

#include <cstdint>
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

  std::string_view view() const {
    return bytes ? std::string_view{*bytes} : std::string_view{};
  }
  friend bool operator==(const value_record& a, const value_record& b) {
    return a.version == b.version && a.tombstone == b.tombstone
           && a.view() == b.view();
  }
};

/// What an operation was answered, kept so that a retry hears the same (P4).
struct session_answer {
  operation_number number;
  hlc_stamp retry_until;
  error_code code = error_code::ok;
  hlc_stamp version;
  /// The state machine's own (e.g. "the key was there before").
  std::uint32_t flags = 0;

  friend bool operator==(const session_answer&,
                         const session_answer&) = default;
};

struct session_record {
  client_id client;
  std::string identity; ///< who opened it: a SPIFFE id; quotas count by it
  operation_number acked_below;
  hlc_stamp live_until; ///< highest `retry_until` seen: forgotten after it
  std::vector<session_answer> answers; ///< rising numbers, none below `acked_below`

  friend bool operator==(const session_record&,
                         const session_record&) = default;
};

enum class conflict_strategy : std::uint8_t {
  reject = 0,         ///< a write whose `base` isn't current is refused
  last_writer_wins = 1,
  merge = 2,          ///< by the space's data type
};

enum class space_reach : std::uint8_t { region = 0, global = 1 };

struct space_settings {
  conflict_strategy conflicts = conflict_strategy::reject;
  space_reach reach = space_reach::region;
  std::uint32_t versions_kept = 1;
  /// Values older than this move to the archive; 0: never.
  std::uint64_t archive_after_ms = 0;
  std::string schema; ///< name of the values' schema; empty: bytes

  friend bool operator==(const space_settings&,
                         const space_settings&) = default;
};

struct space_record {
  space_id id;
  std::string name;
  space_settings settings;
  hlc_stamp version;
  bool dropped = false;   ///< its number is never used again
  bool collected = false; ///< dropped, and the last of its keys is gone

  friend bool operator==(const space_record&, const space_record&) = default;
};

enum class node_state : std::uint8_t {
  joining = 0,
  active = 1,
  draining = 2,
  left = 3,
};

struct node_record {
  node_id node;
  store_id store; ///< other stores of this node are ignored (P19)
  node_state state = node_state::joining;
  std::string rpc_address;
  std::string http_address;
  std::uint32_t program_version = 0;
  hlc_stamp version;

  friend bool operator==(const node_record&, const node_record&) = default;
};

/// One partition's share: all keys from (space, key) up to the next share's.
struct partition_share {
  partition_id partition;
  space_id first_space;
  std::string first_key;
  std::vector<node_id> replicas;

  friend bool operator==(const partition_share&,
                         const partition_share&) = default;
};

struct partition_map_record {
  map_epoch epoch;
  std::vector<partition_share> shares; ///< rising (space, key), no gaps
  partition_id next_partition;
  space_id next_space;

  friend bool operator==(const partition_map_record&,
                         const partition_map_record&) = default;
};

/// What the state machine itself must not forget. One per partition.
struct partition_record {
  hlc_stamp latest; ///< highest stamp applied
  hlc_stamp closed; ///< closed timestamp (P22)
  map_epoch epoch;  ///< of the share that this partition last heard of
  std::uint32_t machine_version = 0; ///< replicated gate of P1
  std::uint64_t sessions = 0;        ///< how many rows of sessions there are

  friend bool operator==(const partition_record&,
                         const partition_record&) = default;
};

/// Closed: alternatives stand in the order of `record_kind`.
using record = std::variant<partition_record, space_record, node_record,
                            partition_map_record, session_record, value_record>;

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
