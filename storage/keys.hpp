#pragma once

#include "runtime/base/bounds.hpp"
#include "runtime/base/hlc.hpp"
#include "runtime/base/ids.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What survives a crash, and under which key: every layout of the journal and
/// of the state, in one file. std only.
///
/// Numbers are big-endian, so that the order of bytes is the order of numbers;
/// LMDB, the in-memory tables and the twins all compare keys as bytes.
///
///   journal/            one LMDB environment per node, for all its partitions
///     00                            identity: cluster, node, store, format, boot
///     01 partition:4                hard state: term and vote
///     02 partition:4                snapshot mark: index, term, members
///     03 partition:4 index:8        log entry
///     04                            the cluster's map, as this node saw it last
///     05 partition:4                what the replica remembers of its peers (P19)
///
///   state/<partition>/  one LMDB environment per partition
///     00 00                         identity: cluster, partition, format
///     00 01                         applied mark: index, term, members
///     00 02                         digests and counts of all buckets (P24)
///     01                            the partition's own record
///     02 space:4                    root only: a space, its name and settings
///     03 node:4                     root only: a node of the cluster
///     04                            root only: who keeps which partition, and
///                                   which partition has which keys
///     05 client:8                   a session and its answers (P4)
///     06 space:4 key                a value; the user's key is last and needs
///                                   no escape to keep its order
///     07 client:8 number:8          a transaction that has prepared here (P8)
///     08 client:8 number:8          how a transaction ended (P9)
///     09 space:4 length:2 key ~version:8
///                                   a value that was replaced; of a key the newest
///                                   first, and of no other between them
///     0a version:8 space:4 key      a tombstone that is to go, the oldest first (P3)
///     0b space:4 key                a lock: who holds it and who waits
///     0c space:4 key                the highest token of another partition's lock; of
///                                   space 0, without a key: of those forgotten
///     0d space:4 key                writes of a key that wait for somebody to decide (C4)
///
///   both
///     00 f0                         data key, wrapped, if encrypted (P26)
///     00 f1 opening:4               salt of one opening of the environment
///     00 ff                         number of the last commit (lmdb_env.hpp)
///
/// Keys stand in clear in the B-tree; values are sealed (seal.hpp).
namespace present::storage {

/// A folder with a higher number is refused: a newer program wrote it.
/// Journal: 2 since logs may hold markers (P24), 3 since they may hold transactions, 4
/// since they may hold locks, 5 since writes may carry what their author knew, 6 since
/// locks may go with a session, and transactions over several partitions may compare, 7
/// since those may be under a lock.
/// State: 2 since there are records of transactions, 3 since there are locks and replaced
/// values are kept, 4 since there are escalations and values with an author's stamp, 5
/// since claims of locks say with whose session they go, sessions that they have ended, and
/// what has prepared may have two branches, 6 since it may have locked a fence, and the root
/// remembers who is wanted no more.
inline constexpr std::uint32_t journal_format = 7;
inline constexpr std::uint32_t state_format = 6;

/// LMDB's compiled-in limit (MDB_MAXKEYSIZE).
inline constexpr std::size_t max_stored_key = 511;

/// First byte of a state key. Never reuse a number; only append.
enum class record_kind : std::uint8_t {
  partition = 1,
  space = 2,
  node = 3,
  partition_map = 4,
  session = 5,
  value = 6,
  prepared = 7,
  decision = 8,
  past_value = 9,
  tombstone = 10,
  lock = 11,
  fence = 12,
  escalation = 13,
};
/// The end of all records: scans of a whole state go up to it.
inline constexpr auto last_record_kind = record_kind::escalation;

/// The key of a record, encoded once: it is compared, stored and looked up in
/// this form. Holds no reference to anything.
class record_key {
public:
  /// The lowest key; no record has it.
  record_key() = default;

  static record_key partition();
  static record_key space(space_id id);
  static record_key node(node_id id);
  static record_key partition_map();
  static record_key session(client_id id);
  /// K1: `key` is at most `bounds::max_key` + 1 bytes (a scan may start just
  /// after the longest key); beyond that it throws `invariant_violation`, for
  /// whoever let it in had to refuse it.
  static record_key value(space_id space, std::string_view key);

  /// Of what waits for somebody to decide; K1 as for a value.
  static record_key escalation(space_id space, std::string_view key);

  static record_key prepared(client_id client, operation_number number);
  static record_key decision(client_id client, operation_number number);
  static record_key lock(space_id space, std::string_view key);
  static record_key fence(space_id space, std::string_view key);

  /// A value of this key that had this version, and was replaced.
  static record_key past_value(space_id space, std::string_view key, hlc_stamp version);
  /// Above all of the key's.
  static record_key end_of_past(space_id space, std::string_view key);
  /// Of a space: half open, as `end_of`.
  static record_key start_of_past(space_id space);
  static record_key end_of_past(space_id space);
  static record_key tombstone(hlc_stamp version, space_id space, std::string_view key);

  /// Below all of the kind; no record has it.
  static record_key start_of(record_kind kind);
  /// The lowest key above all of the kind, the space, or all keys of the space
  /// that start with `prefix`: ends of ranges, which are half open.
  static record_key end_of(record_kind kind);
  static record_key end_of(space_id space);
  static record_key end_of(space_id space, std::string_view prefix);
  /// Of what waits in the space for somebody to decide.
  static record_key end_of_escalations(space_id space);

  /// The next key in order: a scan that goes on after this one starts there.
  record_key successor() const;

  /// Reads a stored key; nothing if it isn't one that this program writes.
  static std::optional<record_key> parse(std::string_view bytes);

  record_kind kind() const;
  /// Of a space, a value, a past value, a tombstone's mark, a lock, a fence or an escalation.
  space_id space() const;
  node_id node() const;
  /// Of a session, or of a transaction's record.
  client_id client() const;
  /// Of a transaction's record.
  operation_number number() const;
  /// Of a past value or a tombstone's mark.
  hlc_stamp version() const;
  /// What the user called it: of a value or a tombstone's mark. Valid as long as this key.
  std::string_view user_key() const;

  const std::string& bytes() const { return bytes_; }

  friend auto operator<=>(const record_key&, const record_key&) = default;

private:
  explicit record_key(std::string bytes) : bytes_(std::move(bytes)) {}

  std::string bytes_;
};

inline constexpr std::size_t record_prefix = 1 + sizeof(space_id::rep);
static_assert(record_prefix + bounds::max_key + 1 <= max_stored_key,
              "kind, space, the longest key and its successor fit into LMDB");

inline constexpr std::size_t tombstone_prefix = 1 + 8 + sizeof(space_id::rep);
static_assert(tombstone_prefix + 2 + bounds::max_key + 1 <= max_stored_key,
              "so do a version, a length and the longest key");

/// First byte of a journal key.
enum class journal_kind : std::uint8_t {
  identity = 0,
  hard_state = 1,
  snapshot = 2,
  entry = 3,
  map = 4,
  witnesses = 5,
};

namespace journal_keys {
std::string identity();
std::string hard_state(partition_id partition);
std::string snapshot(partition_id partition);
std::string entry(partition_id partition, log_index index);
std::string map();
std::string witnesses(partition_id partition);
/// Of an entry's key.
std::optional<log_index> index_of(std::string_view key, partition_id partition);
/// Of a hard state's key.
std::optional<partition_id> partition_of(std::string_view key);
std::optional<partition_id> partition_of_entry(std::string_view key);
} // namespace journal_keys

/// Keys of the state that aren't records.
namespace state_keys {
std::string identity();
std::string applied();
std::string digest();
} // namespace state_keys

/// Of an environment as such; in the journal and in each state.
namespace environment_keys {
std::string commit_number();
std::string data_key();
std::string opening(std::uint32_t number);
std::optional<std::uint32_t> opening_of(std::string_view key);
} // namespace environment_keys

} // namespace present::storage
