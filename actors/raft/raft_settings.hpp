#pragma once

#include "runtime/base/bounds.hpp"
#include "runtime/base/ids.hpp"

#include <cstddef>
#include <cstdint>

namespace present::raft {

/// Durations and limits of one raft group (rule 9). The same on every replica,
/// but for the seed.
struct raft_settings {
  /// T. A follower that hears nothing campaigns after a time drawn from
  /// [T, 1.5 T); a leader that hears no quorum for T steps down.
  time_ms election_timeout_ms = 300;
  time_ms heartbeat_ms = 50;
  /// A leader with nothing to say for `quiet_after_ms` goes quiet (P20): from then on
  /// the links tell who lives, and a heartbeat every `quiet_heartbeat_ms` is only for
  /// what links don't show, a replica that is gone from a node that is there. It is
  /// missed three times before that is believed. Cost of an idle group: two messages
  /// and their answers in 5 s instead of a hundred times that.
  time_ms quiet_after_ms = 1000;
  time_ms quiet_heartbeat_ms = 5000;
  /// At its start a replica waits so long for its witnesses (P19), 10 T; then a majority
  /// has to do. And so long what may have been lost keeps it from voting, if nobody says
  /// that it was.
  time_ms witness_patience_ms = 3000;
  /// A full disk is tried again this often.
  time_ms disk_retry_ms = 500;

  /// One append. A single larger entry still goes, alone.
  std::size_t max_message_bytes = 1 * bounds::mib;
  std::size_t max_message_entries = 256;
  /// Sent to one peer and not yet acknowledged.
  std::size_t max_inflight_bytes = 8 * bounds::mib;
  std::size_t max_inflight_messages = 64;

  /// Proposed and not yet committed; beyond it proposals are `overloaded`.
  std::size_t max_uncommitted_bytes = bounds::max_uncommitted;
  /// Handed to the state machine and not yet applied.
  std::size_t max_applying_bytes = 16 * bounds::mib;
  /// Entries kept in memory though they are durable and handed on.
  std::size_t max_tail_bytes = 16 * bounds::mib;
  /// Kept behind a durable state for peers that lag, before they need a snapshot.
  std::size_t max_retained_bytes = 16 * bounds::mib;
  /// As above, while a snapshot is being sent (P18).
  std::size_t max_pinned_bytes = 64 * bounds::mib;

  /// A learner may become a voter when it lags by no more.
  std::size_t max_promotion_lag_entries = 1024;

  std::size_t max_waiting_reads = 20'000;
  /// Held until a term or vote is durable; beyond it the oldest are dropped, as
  /// a network might.
  std::size_t max_held_messages = 1024;

  /// Of the generator that draws election timeouts. Replicas need different ones.
  std::uint64_t seed = 1;
};

} // namespace present::raft
