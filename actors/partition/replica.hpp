#pragma once

#include "actors/checkpoint/checkpoint_answers.hpp"
#include "actors/partition/digest_audit.hpp"
#include "actors/partition/partition_machine.hpp"
#include "actors/partition/steward.hpp"
#include "actors/partition/witness_book.hpp"
#include "actors/raft/raft_machine.hpp"
#include "storage/journal_store.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

/// One replica of a partition, whole: the raft machine below, the partition
/// machine above, the state table between them, and what each has to hear of the
/// others. As pure as they are: the actor around it and the simulation tell it
/// the same events and carry the same effects out.
///
///   arrived ───▶ partition_machine ──propose, confirm_read──▶ raft_machine ◀── received
///   respond ◀──       ▲    │ checkpoint_due          steward ──▶│   │          persisted
///                     │    ▼                                    │   └──▶ send, write_journal
///                     │  state table ──▶ write_checkpoint       │
///                     └───────── committed, placed, role ───────┘
///
/// An event is heard, then the machines take turns until neither has anything
/// more to say. The partition's turn comes first: when raft hears that entries
/// are applied, they are.
///
/// Invariants
/// R1  The log goes only behind what is durable: raft hears `compacted` when a
///     checkpoint was written. A checkpoint that failed is written again.
/// R2  There is at most one checkpoint on its way.
/// R3  From `replace_state` to `state_replaced` the replica has no state and is
///     told nothing else. Then both machines go on from the mark that stands there.
/// R4  The steward looks when neither machine has anything more to say.
/// R5  An append whose sender is more than twice the bound ahead of this replica's
///     clock is dropped, as a network may: one far-future stamp would drag the
///     partition for good (P21).
/// R6  Of a state in which damage was met nothing more is answered, applied or
///     written; raft hands leadership over, and then asks to be rebuilt.
/// R7  The digest of a marker is that of the checkpoint cut at it (P24). While another
///     checkpoint is on its way none can be cut: this replica has none for that marker.
/// R8  A replica that has lost its state is given one only as of a marker at which a
///     majority's digests agree with this one's (P25); while it waits, the next checkpoint
///     waits too, up to twice the size that is due.
/// R9  Until its witnesses have told, its raft hears and says nothing (P19): no peer, and
///     no time.
///
/// The environment (the actor around it) guarantees E1 to E5 of raft_machine.hpp,
/// and that each `write_checkpoint`, `read_snapshot_part` and `take_snapshot_part`
/// is answered, in the order asked.
namespace present::partition {

struct replica_settings {
  settings machine;
  raft::raft_settings raft;
  store_id store; ///< whose data these are (P19)
  std::vector<raft::witnessed> witnesses; ///< what it remembers of its peers
  store_life life{1, 0}; ///< this opening of them; of the first nothing is asked (P19)
  /// Who the members are if nothing was ever in the log; empty: whoever leads will
  /// say so.
  raft::configuration founders;
};

// -- what the replica hears --------------------------------------------------------

/// The state that was asked for with `replace_state`, open.
struct state_replaced {
  state_backend_ptr state;
};
/// Log or state of this replica, or both, are not as they were written. What follows
/// from that is `rebuild_needed`.
struct damage_reported {
  bool in_state = false;
};

using replica_event_kind
  = std::variant<arrived, raft::received, raft::link_changed, raft::persisted,
                 raft::persist_failed, raft::entries_loaded, checkpoint_done,
                 snapshot_part_read, snapshot_part_taken, state_replaced,
                 raft::state_checked, damage_reported, map_known,
                 raft::transfer_leadership, time_passed, coordinated,
                 coordinator_gone>;

struct replica_event {
  time_ms now = 0;           ///< monotonic
  std::uint64_t wall_ms = 0; ///< slewed to wall time (P21)
  replica_event_kind what;
};

// -- what the replica asks for -----------------------------------------------------

/// Answered with `raft::persisted` or `raft::persist_failed`.
struct write_journal {
  storage::journal_write what;
};
/// Answered with `checkpoint_done`.
struct write_checkpoint {
  storage::checkpoint_ptr what;
  state_backend_ptr into;
};
/// Answered with `snapshot_part_read`.
struct read_snapshot_part {
  node_id for_peer;
  std::uint64_t offset = 0;
  std::uint64_t digest = 0; ///< 0 begins a snapshot of what `from` holds
  log_index at_least;       ///< which must be of this index or a later one
  state_backend_ptr from;
};
/// Without a peer: all that are being sent.
struct release_snapshot {
  std::optional<node_id> peer;
};
/// Answered with `snapshot_part_taken`.
struct take_snapshot_part {
  storage::snapshot_part what;
};
/// Whoever holds the old state lets go of it; answered with `state_replaced`.
struct replace_state {};
/// The state is of no use: the next life of this replica begins without it.
struct condemn_state {
  std::shared_ptr<const std::string> why;
};
/// A leader's appends are dropped since its clock is too far ahead (P21): said once,
/// until they are not any more.
struct skew_seen {
  node_id leader;
  std::uint64_t ahead_ms = 0;
};

/// On how many buckets the replicas disagree without a majority, from this marker on
/// (P25): said when it changes.
struct disputes_changed {
  log_index marker;
  std::size_t buckets = 0;
};

/// The replica has asked its witnesses (P19).
struct witnesses_heard {
  inquiry_result what;
};
/// A peer's store has gone back, as far as this replica remembers it (P19).
struct lapse_seen {
  node_id peer;
  lapse sign = lapse::none;
};

/// What raft says of role, quorum and members is for whoever watches.
using replica_effect
  = std::variant<raft::send, write_journal, raft::load_entries, write_checkpoint,
                 read_snapshot_part, release_snapshot, take_snapshot_part,
                 replace_state, condemn_state, respond, stage_reached, tell_members,
                 skew_seen, disputes_changed, witnesses_heard, lapse_seen,
                 coordinate, drive_decision, doubt_lock,
                 raft::role_changed, raft::quorum_changed,
                 raft::configuration_changed, raft::rebuild_needed>;
using replica_effects = std::vector<replica_effect>;

// -- the replica -------------------------------------------------------------------

class replica {
public:
  /// Goes on from what the disk holds: the state first, then the log behind it.
  /// Hears `time_passed` soon, and `state_checked` once all of the state was read.
  /// Throws `state_damaged` (sound_state.hpp) if it can't begin on this state.
  replica(const replica_settings& options, raft::recovered_state found,
          state_backend_ptr state, const raft::snapshot_mark& mark, time_ms now);

  /// Then let it take turns.
  void hear(replica_event input, replica_effects& out);

  /// One machine's turn. False: neither has anything more to say.
  bool turn(replica_effects& out);

  /// When `time_passed` is wanted next; empty: nothing waits.
  std::optional<time_ms> next_wake() const;

  const raft::raft_machine& raft() const { return raft_; }
  const partition_machine& partition() const { return partition_; }
  const storage::state& table() const { return table_; }
  const digest_audit& audit() const { return audit_; }
  bool is_without_state() const { return backend_ == nullptr; }
  const witness_book& book() const { return book_; }
  bool asks_witnesses() const { return inquiry_.is_asking(); }
  /// Of a leader's peer: it has, as far as this replica remembers, and hasn't caught up.
  bool has_gone_back(const raft::raft_machine::peer_status& peer) const;

private:
  void tell(raft::event_kind what) { raft_events_.push_back(std::move(what)); }
  void tell(event_kind what) { partition_events_.push_back(std::move(what)); }

  // what it hears
  void on(arrived& what) { tell(event_kind{std::move(what)}); }
  void on(coordinated& what) { tell(event_kind{std::move(what)}); }
  void on(coordinator_gone& what) { tell(event_kind{what}); }
  void on(map_known& what);
  void on(raft::link_changed& what);
  void on(raft::received& what);
  void on(raft::persist_failed& what);
  void on_carried(const raft::message& from, const replica_message& what);
  bool is_too_far_ahead(const raft::message& what);
  bool is_of_named_store(const raft::message& from) const;
  template <class RaftEvent>
  void on(RaftEvent& what) { tell(raft::event_kind{std::move(what)}); }
  void on(checkpoint_done& what);
  void on(snapshot_part_read& what);
  void on(snapshot_part_taken& what);
  void on(state_replaced& what);
  void on(damage_reported& what);
  void on(time_passed& what);

  // what raft asks for
  template <class Effect>
  void carry_out(Effect& what) { out_->push_back(std::move(what)); }
  void carry_out(raft::send& what);
  void carry_out(raft::persist& what);
  void carry_out(raft::apply& what);
  void carry_out(raft::proposal_accepted& what);
  void carry_out(raft::proposal_refused& what);
  void carry_out(raft::proposal_replaced& what);
  void carry_out(raft::proposal_unknown& what);
  void carry_out(raft::read_ready& what);
  void carry_out(raft::read_refused& what);
  void carry_out(raft::role_changed& what);
  void carry_out(raft::quorum_changed& what);
  void carry_out(raft::configuration_changed& what);
  void carry_out(raft::read_snapshot& what);
  void carry_out(raft::release_snapshot& what);
  void carry_out(raft::install_snapshot& what);

  // what the partition asks for
  void carry_out(propose& what);
  void carry_out(confirm_read& what);
  void carry_out(checkpoint_due& what);
  void carry_out(damage_met& what);
  void carry_out(marker_applied& what);

  // what the steward asks for
  void look_after_members();
  leader_view seen_by_leader() const;
  void carry_out(const exchange_members& what);
  void carry_out(const hand_over& what);
  void carry_out(const tell_members& what) { out_->push_back(what); }

  // what the audit of digests asks for
  void look_after_digests();
  void carry_out(const log_marker& what);
  void carry_out(const ask_digest& what);
  void carry_out(const report_damage& what);
  void carry_out(const note_disputes& what);
  void answer_digest(node_id leader, const digest_asked& asked);
  void on_digest_taken(log_index marker, digest_ptr digest);
  void send_to(node_id peer, replica_message what);
  void become_different(log_index marker, const std::vector<std::uint16_t>& buckets);

  // what witnesses are asked for, and remember (P19)
  void look_after_witnesses();
  bool is_withheld(const raft::message& what) const;
  void remember(const raft::message& what);
  void remember_matched();
  void answer_standing(node_id peer, store_id store, const standing_asked& asked);

  void step_partition(const event& input);
  void step_raft(const raft::event& input);
  void become_damaged(const std::string& why);
  void begin_checkpoint();
  void send_checkpoint();
  bool reaches(log_index wanted);
  bool may_repair(log_index at_least);
  bool holds_checkpoints() const;
  void begin_replacement();
  std::shared_ptr<const entry_batch> batch_of(const raft::entry& item) const;

  const partition_id id_;
  const store_id store_;
  const std::size_t checkpoint_bytes_;
  const std::uint64_t max_clock_offset_ms_;

  state_backend_ptr backend_; ///< null: it is being replaced (R3)
  storage::state table_;
  storage::checkpoint_ptr checkpoint_; ///< on its way to the disk (R2)
  partition_machine partition_;
  witness_book book_;
  witness_inquiry inquiry_;
  std::map<node_id, log_index> lapsed_; ///< peers that have gone back; until they have this
  raft::raft_machine raft_;
  steward steward_;
  digest_audit audit_;
  std::optional<std::pair<node_id, digest_asked>> waiting_for_digest_;
  log_index marker_; ///< whose digest the checkpoint on its way will give; 0: none
  bool skew_was_told_ = false;
  bool look_is_due_ = false; ///< something that the steward looks at has changed
  bool damaged_ = false;     ///< R6
  bool checkpoint_waits_ = false; ///< one is due, and not yet begun
  bool room_was_told_ = true;     ///< what the partition has heard of the disk's room

  std::deque<raft::event_kind> raft_events_;
  std::deque<event_kind> partition_events_;

  /// What failed is tried again a while later.
  struct checkpoint_again {};
  std::multimap<time_ms, std::variant<checkpoint_again, raft::event_kind>> later_;

  // the turn under way
  time_ms now_ = 0;
  std::uint64_t wall_ms_ = 0;
  replica_effects* out_ = nullptr;
};

} // namespace present::partition
