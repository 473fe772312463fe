#pragma once

#include "runtime/base/error.hpp"
#include "storage/journal_store.hpp"

#include <caf/all.hpp>

#include <optional>
#include <string>

/// The journal: one per node, on a thread of its own, since LMDB blocks. It takes
/// the writes of all partitions in the order they come and makes what has
/// gathered durable with one commit (the order law).
namespace present {

/// Answers to `journal_append`, sent to the partition that asked.
struct journal_written {
  std::uint64_t number = 0;
};
struct journal_failed {
  std::uint64_t number = 0;
  error why;
};
/// Answer to `journal_load`.
struct journal_loaded {
  node_id for_peer;
  result<std::vector<raft::entry>> entries = std::vector<raft::entry>{};
};

/// Answer to `journal_scrub`.
struct journal_scrubbed {
  partition_id partition;
  std::uint64_t life = 0;
  result<storage::log_scrub_report> report = storage::log_scrub_report{};
};

using journal_scrub_listener = caf::typed_actor<caf::reacts_to<journal_scrubbed>>;

using journal_listener
  = caf::typed_actor<caf::reacts_to<journal_written>, caf::reacts_to<journal_failed>,
                     caf::reacts_to<journal_loaded>>;

/// From a partition: make this durable. `journal_written` comes back with the
/// write's number after the commit, else `journal_failed`; numbers of one partition
/// are answered in order, and what follows a failed write fails too (J5). Not
/// idempotent.
struct journal_append {
  storage::journal_write what;
  journal_listener reply_to;
};

/// From a partition whose follower lags behind the entries in memory.
struct journal_load {
  partition_id partition;
  node_id for_peer;
  log_index first;
  std::uint64_t max_bytes = 0;
  journal_listener reply_to;
};

/// From a partition that starts: everything the disk has of it, with whatever its
/// last life had given to the journal. Idempotent.
struct journal_recover {
  partition_id partition;
};
struct journal_recovered {
  result<raft::recovered_state> found = raft::recovered_state{};
  std::vector<raft::witnessed> witnesses; ///< what is remembered of the peers (P19)
};

/// From membership: by a map that knows of the partition's members as of this index
/// this node is none of them. Its data go, but for its word, unless its own log has
/// heard otherwise since: what it has acknowledged meanwhile counts. Idempotent.
struct journal_leave {
  partition_id partition;
  log_index members_index;
};
struct journal_left {
  status how = success();
  bool spared = false; ///< its log names this node again: nothing was removed
};
/// From membership: the cluster's map, as this node saw it last.
struct journal_read_map {};
struct journal_map {
  result<std::optional<std::string>> bytes = std::optional<std::string>{};
};
struct journal_write_map {
  std::string bytes;
};
/// Durable, or why not.
struct journal_done {
  status how = success();
};

/// From the scrubber: read a piece of a log back. `life` comes back with the answer.
struct journal_scrub {
  partition_id partition;
  std::uint64_t life = 0;
  log_index from;
  std::uint64_t max_bytes = 0;
  journal_scrub_listener reply_to;
};

/// The journal to itself: commit what has gathered.
struct journal_commit {};

using journal_actor
  = caf::typed_actor<caf::reacts_to<journal_append>, caf::reacts_to<journal_load>,
                     caf::reacts_to<journal_scrub>,
                     caf::replies_to<journal_recover>::with<journal_recovered>,
                     caf::replies_to<journal_leave>::with<journal_left>,
                     caf::replies_to<journal_read_map>::with<journal_map>,
                     caf::replies_to<journal_write_map>::with<journal_done>,
                     caf::reacts_to<journal_commit>>;

} // namespace present

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_loaded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_append)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_scrub)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_scrubbed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_load)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_recover)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_recovered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_left)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_read_map)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_map)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_write_map)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::journal_commit)
