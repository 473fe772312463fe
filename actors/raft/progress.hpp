#pragma once

#include "actors/raft/raft_types.hpp"

#include <cstddef>
#include <deque>

namespace present::raft {

/// What a leader knows of one peer, and may send to it.
///
///             accepted                    refused, link lost
///   probing ───────────▶ replicating ─────────────────────▶ probing
///      │                                                       ▲
///      └── its next entry is compacted ──▶ installing ─────────┘
///          or it has no state              installed, link lost
///
/// probing: one append at a time until the logs meet. replicating: appends are
/// pipelined within the window. installing: a snapshot goes, a part at a time.
struct progress {
  enum class phase : std::uint8_t { probing, replicating, installing };

  phase state = phase::probing;
  log_index matched; ///< durable there, and the same as here
  log_index next;    ///< the first entry that it was not yet sent
  bool link_up = true;
  time_ms heard_at = 0; ///< of anything in this term

  bool probe_outstanding = false;
  bool loading = false; ///< older entries were asked for
  std::uint64_t round = 0; ///< the last read round that it confirmed (P15)

  struct sent_append {
    log_index last;
    std::size_t bytes = 0;
  };
  std::deque<sent_append> inflight;
  std::size_t inflight_bytes = 0;

  /// The snapshot being sent; index 0 until its first part has been read.
  snapshot_mark mark;
  std::uint64_t digest = 0;
  std::uint64_t offset = 0;
  time_ms part_asked_at = 0;
  bool part_awaited = false; ///< from our own state store
  log_index state_wanted;    ///< it has no state, and needs one from here on
  time_ms repair_not_before = 0; ///< there was none to give to it

  void become_probing(log_index from);
  void become_replicating();
  void become_installing();

  void on_sent(log_index last, std::size_t bytes);
  void on_matched(log_index index);
  bool window_full(std::size_t max_messages, std::size_t max_bytes) const;
};

} // namespace present::raft
