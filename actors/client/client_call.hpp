#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/partition/operation.hpp"
#include "runtime/observe/trace_context.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a user asks, and what becomes of it. Keys by the name of their space; the
/// machine puts in the numbers of the map it has.
namespace present::client {

using call_id = std::uint64_t;

/// The lock under which a write is made, by its space's name, and the token that it was
/// granted with.
struct fence_name {
  std::string space;
  std::string key;
  hlc_stamp token;
};

struct get_call {
  std::string space;
  std::string key;
  bool stale = false; ///< what any replica has applied will do
  hlc_stamp at = {};  ///< as it was at this stamp; 0: as it is
};
/// Over several ranges the page is no snapshot (P23).
struct scan_call {
  std::string space;
  std::string first;
  std::string last; ///< empty: the end of the space
  std::uint32_t limit = 0;
  bool keys_only = false;
  bool stale = false;
  hlc_stamp at = {}; ///< as in a `get_call`; then the page is one of a snapshot
  bool escalated = false; ///< what waits for somebody to decide, instead of the values
};
struct put_call {
  std::string space;
  std::string key;
  bytes_ptr value;
  condition when;
  std::optional<fence_name> fence;
  write_context knows = {};
};
struct remove_call {
  std::string space;
  std::string key;
  condition when;
  std::optional<fence_name> fence;
  write_context knows = {};
};
/// Takes an admin's certificate.
struct settle_call {
  std::string space;
  std::string key;
  hlc_stamp write;
  bool accept = false;
};

// Locks, as actors/partition/locks.hpp has them.

struct acquire_call {
  std::string space;
  std::string key;
  claim_id claim;
  std::uint32_t lease_ms = 0;
  bool wait = false;
  std::string owner;
  bytes_ptr value;
  bool of_session = false; ///< given up with the client's session
};
struct keep_call {
  std::string space;
  std::string key;
  claim_id claim;
  std::uint32_t wait_ms = 0; ///< below the call's deadline
};
struct release_call {
  std::string space;
  std::string key;
  claim_id claim;
};
struct read_lock_call {
  std::string space;
  std::string key;
  hlc_stamp known;
  std::uint32_t wait_ms = 0; ///< below the call's deadline
};
/// To the partition that has this key.
struct raise_call {
  std::string space;
  std::string key;
  std::optional<fence_name> fence;
};
/// To the partition that has this key, of the client that asks: what a client does by itself
/// when it is told to end its session.
struct end_call {
  std::string space;
  std::string key;
};
/// A transaction, whose spaces are places in `spaces`. A range that a step scans is one
/// partition's.
struct transact_call {
  std::vector<std::string> spaces;
  transact what;
  std::optional<fence_name> fence; ///< each of its partitions judges it (P14)
};
/// The number that `name` has among them; a new one goes to the end.
space_id place_in(std::vector<std::string>& spaces, const std::string& name);

/// What one partition's log says of a key, or of keys with a prefix (watch.hpp). The
/// space's id goes into `what`.
struct watch_call {
  std::string space;
  partition_id partition;
  watch what;
};

/// The map, as the leader of the root has it now: which spaces and nodes there are.
struct map_call {};
/// What a node that coordinates a transaction asks of the partition that has the key
/// `where`: it takes a node's certificate.
struct part_call {
  anchor where;
  std::shared_ptr<const operation> what; ///< `prepare`, `resolve`, `push`, or an aftermath
  bool may_join = false; ///< a `resolve`: with others to the same partition as one operation
  std::vector<anchor> also = {}; ///< of an aftermath: of all but the first that it tells of
};
/// Those from `add_node` to `report_members` are the root's and take an admin's or a
/// node's certificate.
using call_kind
  = std::variant<get_call, scan_call, put_call, remove_call, create_space, drop_space,
                 add_node, drain_node, remove_node, report_members, map_call, transact_call,
                 part_call, watch_call, acquire_call, keep_call, release_call, read_lock_call,
                 raise_call, set_space, settle_call, end_call>;

/// Its caller's own name for a write, in place of the number that the session would
/// give it: whoever asks under the same name, from whichever node and after whatever
/// crash, asks for the same write, and hears the first one's answer for as long as
/// `name_lives_ms` (P4).
struct write_name {
  client_id client;         ///< made from the caller's identity and its key
  std::uint32_t place = 0;  ///< among the writes under that key
  /// Of all that is asked under that key; never 0. Another one is `invalid`.
  std::uint64_t fingerprint = 0;
};

/// From its first try on, at the least. A key that is used again later is a new
/// one. A minute and more below what partitions take (`max_retry_window_ms`).
inline constexpr std::uint64_t name_lives_ms = 10 * 60 * 1000;

/// How a call ended. `problem.code` ok: `given` counts.
struct outcome_of_call {
  answer given;
  error problem;
  std::uint32_t attempts = 0;
  std::shared_ptr<const cluster_map> map; ///< of a `map_call` that succeeded
};

/// Several calls at once, with one deadline. Not atomic, and in no promised order
/// but that of their answers.
struct batch_call {
  std::vector<call_kind> calls;
  std::uint32_t deadline_ms = 0;
  std::optional<write_name> name; ///< of the first; the others have the places after
  observe::trace_context trace;
};
struct batch_outcome {
  std::vector<outcome_of_call> outcomes; ///< in the order of the calls
};

bool is_write(const call_kind& what);
bool is_stale_read(const call_kind& what);

/// The name of the call's space; null for what the root keeps, and of a transaction.
const std::string* space_of(const call_kind& what);

/// Null: none.
const fence_name* fence_of(const call_kind& what);

/// The first space of the call that isn't in the map; null: all are.
const std::string* space_missing_in(const cluster_map& map, const call_kind& what);

/// The key that decides the partition.
std::string_view routing_key(const call_kind& what);

/// The call as a partition takes it; nothing of a `map_call`, which none does, nor of
/// a `transact_call`, which may be of several spaces.
decltype(operation::what) as_operation_in(space_id space, const call_kind& what);

/// The state machine has decided with this answer: it is the same for every try
/// of the operation, since it was remembered, or follows from the operation alone.
/// Not so what a node refuses at its door, nor what found no room to be remembered.
bool is_verdict(const answer& given);

} // namespace present::client
