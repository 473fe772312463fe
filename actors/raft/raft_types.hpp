#pragma once

#include "runtime/base/hlc.hpp"
#include "runtime/base/ids.hpp"
#include "storage/log_entry.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace present::partition {
struct replica_message;
} // namespace present::partition

/// The vocabulary of one raft group: what is in the log, what replicas say to
/// each other, what the machine hears (events) and what it asks for (effects).
/// Plain data, no behaviour. Terms as in Ongaro's dissertation, "Consensus:
/// Bridging Theory and Practice", 2014.
namespace present::raft {

// -- between replicas ----------------------------------------------------------

struct vote_request {
  log_index last_index;
  term last_term;
  bool pre = false;           ///< pre-vote: changes nothing at the voter
  bool transfer = false;      ///< TimeoutNow passed pre-vote and check-quorum
};

struct vote_reply {
  bool pre = false;
  bool granted = false;
};

struct append_request {
  log_index previous_index;
  term previous_term;
  log_index commit;
  std::vector<entry> entries; ///< empty: heartbeat or probe
  std::uint64_t round = 0;    ///< read-index round this message confirms (P15)
  /// Little more will come until there is work: rely on the link's own
  /// liveness, and on rare heartbeats (P20).
  bool quiet = false;
};

struct append_reply {
  bool accepted = false;
  /// accepted: durable and checked against this leader in this term (rule 2).
  log_index matched;
  /// refused: which `previous_index`, the follower's entry to probe next, and
  /// that entry's term (rule 8).
  log_index refused_index;
  log_index hint_index;
  term hint_term;
  std::uint64_t round = 0;
  /// The follower has a log and no state: it needs one of this index or a later
  /// one. 0: it has.
  log_index state_wanted;
};

struct snapshot_chunk {
  snapshot_mark mark;
  std::uint64_t offset = 0;
  payload_ptr bytes;
  bool last = false;
  std::uint64_t digest = 0; ///< of the whole snapshot; a resume must name the same
};

struct snapshot_reply {
  snapshot_mark mark;
  std::uint64_t next_offset = 0;
  bool installed = false;
};

struct timeout_now {};

/// Not raft's: what the replicas around it say to each other. Carried, not looked at.
struct carried {
  std::shared_ptr<const partition::replica_message> what;
};

using body = std::variant<vote_request, vote_reply, append_request, append_reply,
                          snapshot_chunk, snapshot_reply, timeout_now, carried>;

struct message {
  node_id from;
  node_id to;
  store_id from_store; ///< replies count if the configuration names it (P19)
  term at_term;        ///< compared once, for all kinds, before anything else
  body content;
  /// Not raft's: the sender's wall clock at sending, and the highest stamp that it has
  /// given or seen (P21). Put in and looked at by whoever carries the message.
  std::uint64_t wall_ms = 0;
  hlc_stamp latest;
};

// -- what the machine hears ------------------------------------------------------

/// Names a proposal or a read until its answer; chosen by whoever asks.
using ticket = std::uint64_t;

struct time_passed {};
struct received {
  message what;
};
/// The write `number` (and all before it) is durable.
struct persisted {
  std::uint64_t number = 0;
};
/// The write `number` failed; nothing after it is believed (rule 12).
struct persist_failed {
  std::uint64_t number = 0;
  bool disk_full = false;
};
struct propose {
  ticket id = 0;
  payload_ptr payload;
};
struct propose_configuration {
  ticket id = 0;
  configuration wanted;
};
struct read_request {
  ticket id = 0;
};
/// The state machine has applied everything up to `index`.
struct applied {
  log_index index;
};
/// A link went up or down: a broken link to the leader starts pre-vote at once.
struct link_changed {
  node_id peer;
  bool up = false;
};
/// A durable state up to `mark` exists, so the log before it may go.
struct compacted {
  snapshot_mark mark;
};
/// Entries that were asked for with `load_entries`.
struct entries_loaded {
  node_id for_peer;
  std::vector<entry> entries;
};
/// The part that was asked for with `read_snapshot`. Null `bytes`: that snapshot
/// is no more, begin a new one; or, of a peer that has lost its state, there is none
/// to give to it for now.
struct snapshot_read {
  node_id for_peer;
  snapshot_chunk chunk;
};
/// How much of an arriving snapshot is held. Answers each `install_snapshot` but
/// the one that completes it; also says where to resume if a part didn't fit.
struct snapshot_stored {
  snapshot_mark mark;
  std::uint64_t next_offset = 0;
};
/// The state now is the snapshot's, durably.
struct snapshot_installed {
  snapshot_mark mark;
};
/// The arriving snapshot could not be stored or was wrong: it starts over.
struct snapshot_failed {
  snapshot_mark mark;
};
/// The whole of the own state was read, and is as it was written: it may lead (P24).
struct state_checked {};
/// State or log of this replica are not as they were written. Whoever leads hands
/// over, and the replica is built anew from what is sound.
struct damage_found {};
struct transfer_leadership {
  node_id to;
};
/// What the other voters know of what this replica may once have said (P19): nothing in
/// a term after `at_term`, and of no entry behind `reached`. `went_back`: it is known
/// that it has lost some of that; else it is what it may have lost.
struct witnesses_told {
  term at_term;
  log_position reached;
  bool went_back = false;
};
/// A peer has started anew, with a log that ends there: what it had acknowledged beyond
/// that counts no more.
struct peer_began {
  node_id peer;
  log_position reached;
};

using event_kind
  = std::variant<time_passed, received, persisted, persist_failed, propose,
                 propose_configuration, read_request, applied, link_changed,
                 compacted, entries_loaded, snapshot_read, snapshot_stored,
                 snapshot_installed, snapshot_failed, state_checked,
                 damage_found, transfer_leadership, witnesses_told, peer_began>;

struct event {
  time_ms now = 0;
  event_kind what;
};

// -- what the machine asks for ---------------------------------------------------

/// Carried out in the order given. `send` leaves at once: what must wait for the
/// disk is kept by the machine until `persisted`.
struct send {
  message what;
};
/// One FIFO of writes, each of them atomic: first `base`, then the entries.
struct persist {
  std::uint64_t number = 0;
  /// The write before it. If that has failed, this one must fail too: on its own
  /// it could leave a log that never was. 0: it is the machine's first.
  std::uint64_t follows = 0;
  hard_state hard;
  /// Entries replace everything from their first index on. May be empty: term
  /// and vote only.
  std::vector<entry> entries;
  /// The log now starts after this mark: drop what is at or before it, and what
  /// is behind it too if `drop_tail` (an installed snapshot that contradicts it).
  std::optional<snapshot_mark> base;
  bool drop_tail = false;
};
/// Committed: hand to the state machine, in this order. Each entry once.
struct apply {
  std::vector<entry> entries;
};
/// The proposal has its place in the log. Not yet durable, not yet committed.
struct proposal_accepted {
  ticket id = 0;
  log_index index;
  term at_term;
};
enum class refusal : std::uint8_t {
  not_leader,
  overloaded,    ///< too much is uncommitted
  in_progress,   ///< a transfer or another change of configuration is under way
  disk_full,
  not_caught_up, ///< a voter to be is no learner, or lags
  invalid,
};
struct proposal_refused {
  ticket id = 0;
  refusal why = refusal::not_leader;
};
/// Another leader's entry is *committed* at its index: never applied (P5).
struct proposal_replaced {
  ticket id = 0;
};
/// A snapshot took its index over: whether it was applied can't be told (P5).
struct proposal_unknown {
  ticket id = 0;
};
/// A read may be answered from a state that has applied `index`.
struct read_ready {
  ticket id = 0;
  log_index index;
};
struct read_refused {
  ticket id = 0;
};
enum class role_kind : std::uint8_t { follower, pre_candidate, candidate, leader };
struct role_changed {
  role_kind role = role_kind::follower;
  term at_term;
  node_id leader; ///< 0: unknown
};
/// A leader's link lapsed, or came back: `false` is "fenced, says so" (R2).
struct quorum_changed {
  bool has_quorum = false;
};
struct configuration_changed {
  configuration members;
  bool committed = false;
};
/// A peer needs entries that are no longer in memory.
struct load_entries {
  node_id for_peer;
  log_index first;
  std::uint64_t max_bytes = 0;
};
struct read_snapshot {
  node_id for_peer;
  std::uint64_t offset = 0;
  std::uint64_t digest = 0; ///< 0: start a new one
  log_index at_least;       ///< which must be of this index or a later one
};
/// The peer needs no more of its snapshot: what it pinned may go (P18).
struct release_snapshot {
  node_id for_peer;
};
struct install_snapshot {
  snapshot_chunk chunk;
};
/// A write failed (rule 12), or damage was found: this machine says nothing any more.
/// Build another one from what the disk proves to hold.
struct rebuild_needed {};

using effect
  = std::variant<send, persist, apply, proposal_accepted, proposal_refused,
                 proposal_replaced, proposal_unknown, read_ready, read_refused,
                 role_changed, quorum_changed, configuration_changed, load_entries,
                 read_snapshot, release_snapshot, install_snapshot,
                 rebuild_needed>;

using effects = std::vector<effect>;

} // namespace present::raft
