#pragma once

#include "runtime/base/bounds.hpp"
#include "storage/log_entry.hpp"
#include "storage/snapshot_stream.hpp"
#include "storage/state_home.hpp"

#include <map>
#include <memory>
#include <optional>

namespace present::storage {

/// A piece of a snapshot, as it travels. `digest` is the whole snapshot's.
struct snapshot_part {
  raft::snapshot_mark mark;
  std::uint64_t offset = 0;
  raft::payload_ptr bytes;
  bool last = false;
  std::uint64_t digest = 0;
};

/// The snapshots that one partition replica is sending, at most one per peer, and
/// the one that it is receiving. Blocks on the disk; used on the thread that
/// writes checkpoints, and gone with the process.
///
///  sending    read(0) ─▶ spool written ─▶ read(offset, digest)… ─▶ release
///
///  receiving  take(part)… ─▶ complete ─▶ load ─▶ (state closed) ─▶ replace
///                 ▲            │           │ wrong or no room
///                 └────────────┴───────────┘ starts over
///
/// I1  All parts of a sent snapshot are of one spool, which holds one consistent
///     state: a resume that names another digest is refused (P18).
/// I2  What is received of a snapshot is its first bytes without a gap, all under
///     one mark and digest.
/// I3  Only a state that `load` has checked in full may replace the old one.
class snapshot_shelf {
public:
  snapshot_shelf(std::shared_ptr<state_home> home, partition_id whose,
                 std::size_t part_bytes = bounds::snapshot_part)
      : home_(std::move(home)), whose_(whose), part_bytes_(part_bytes) {}

  // -- sending -----------------------------------------------------------------

  /// The peer's next part. `digest` 0 begins a snapshot of what `from` holds now;
  /// another one goes on with that, and is answered with nothing if it is no more.
  /// Peers share a snapshot of the same state. Errors are those of
  /// `write_snapshot`.
  result<std::optional<snapshot_part>> read(const state_backend& from,
                                            node_id peer, std::uint64_t offset,
                                            std::uint64_t digest);

  void release(node_id peer) { outgoing_.erase(peer); }
  void release_all() { outgoing_.clear(); }

  // -- receiving ---------------------------------------------------------------

  struct held {
    std::uint64_t next_offset = 0;
    bool complete = false;
  };

  /// Takes a part that goes on where the last one ended, or begins another
  /// snapshot; any other, a repeated one too, changes nothing. Answers how much
  /// of the part's snapshot is held. After an error nothing is.
  result<held> take(const snapshot_part& part);

  /// Makes the next state from the complete snapshot, and forgets that. On error
  /// the sender has to start over.
  status load();

  /// The loaded state takes the old one's place, which must be closed. The new
  /// state, open.
  result<std::shared_ptr<state_backend>> replace();

private:
  struct outgoing {
    snapshot_facts facts;
    std::unique_ptr<spool> bytes;
  };
  struct incoming {
    snapshot_facts facts; ///< `bytes` is known at the end
    std::unique_ptr<spool> bytes;
    bool complete = false;

    bool is_of(const snapshot_part& part) const {
      return facts.digest == part.digest && facts.mark == part.mark;
    }
  };

  result<std::shared_ptr<outgoing>> begin(const state_backend& from);
  result<held> append(const snapshot_part& part);
  status begin_incoming(const snapshot_part& part);

  const std::shared_ptr<state_home> home_;
  const partition_id whose_;
  const std::size_t part_bytes_;
  std::map<node_id, std::shared_ptr<outgoing>> outgoing_;
  std::optional<incoming> incoming_;
  bool loaded_ = false;
};

} // namespace present::storage
