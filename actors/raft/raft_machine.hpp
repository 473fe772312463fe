#pragma once

#include "actors/raft/raft_log.hpp"
#include "actors/raft/raft_settings.hpp"
#include "actors/raft/raft_types.hpp"
#include "actors/raft/role.hpp"
#include "actors/raft/write_queue.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace present::raft {

/// How the replicas of one partition agree on one log: Raft (Ongaro and
/// Ousterhout 2014; Ongaro's dissertation for membership, transfer, pre-vote
/// and read-index), as a pure function of what it is told. No clock, no disk, no
/// network, no thread: the same events give the same effects.
///
///                  nothing heard for T, or           a quorum would
///                  the link to the leader broke      vote for us
///     ┌──────────┐ ─────────────────────────▶ ┌───────────────┐ ─────┐
///  ──▶│ follower │                            │ pre_candidate │      │
///     └──────────┘ ◀───────────────────────── └───────────────┘      ▼
///       ▲  ▲    │    leader heard, or refused            ▲    ┌───────────┐
///       │  │    │                                        └────│ candidate │
///       │  │    │ timeout_now (rule 7)             no result  └───────────┘
///       │  │    └────────────────────────────────────────────▶ ▲    │
///       │  └── a higher term, or a leader in this term ────────┘    │ a quorum
///       │                                                           ▼ voted
///       │      a higher term, no quorum heard for T,          ┌────────┐
///       └───── a failed write, or not a member any more ──────│ leader │
///                                                             └────────┘
///
/// The way of a proposal:
///
///   propose ─▶ proposal_accepted, send to each peer, persist (at once, rule 5)
///                 append_reply from peers ─┐
///                 persisted (own disk) ────┴─▶ a quorum has it: commit ─▶ apply
///
/// An idle group (P20):
///
///            nothing to do for quiet_after_ms: append(quiet) to each peer
///     awake ─────────────────────────────────────────────────────────────▶ quiet
///       ▲     a proposal or read, a peer that lags, lost its link or asks    │
///       └──────────── for votes: appends that are not quiet ◀────────────────┘
///
/// A quiet leader and its followers judge each other by their links, which lapse for
/// all groups of two nodes at once, and by a heartbeat every quiet_heartbeat_ms.
///
/// Invariants, checked after every event, in release builds too (rule 14). A
/// broken one throws `invariant_violation`; the partition stops and says why.
///
///  I1  The term never falls. Within a term, a vote is given once (rule 7).
///  I2  applied <= handed <= min(commit, durable), commit <= last (rule 11).
///  I3  No entry at or before commit is ever cut off.
///  I4  No message leaves before the term and vote that it rests on are durable,
///      nor an acknowledgement of an entry before it is (rules 2, 4).
///  I5  What is acknowledged is durable and checked against this leader in this
///      term: min(durable, checked) (rule 2).
///  I6  A leader commits by counting only up to an entry of its own term, and
///      counts itself only for what it has persisted (rules 1, 5).
///  I7  At most one change of configuration is uncommitted; each is in effect
///      from its own index on, and goes if its entry is cut off (rule 6).
///  I8  What is in flight, held, waiting or uncommitted is bounded (rule 9).
///  I9  A leader hears no append of its own term: there is one leader a term.
///  I10 While a snapshot is being installed the replica neither campaigns nor
///      takes entries in nor hands any on (rule 10).
///  I11 A machine that has asked to be rebuilt says nothing more (rule 12).
///  I12 A replica whose state is missing or unchecked doesn't lead; one whose state
///      is missing hands nothing on, and says in each reply that it needs one (P24).
///  I13 A replica that its witnesses have told of (P19) votes in none of the terms that
///      they were in, and until its log is as up to date as theirs for no candidate whose
///      log isn't.
///
/// The environment (the actor around it) guarantees:
///
///  E1  Effects are carried out in the order given; `persist`s form one FIFO,
///      each is atomic, and `persisted` comes only once it would survive a loss
///      of power. A write whose `follows` has failed fails too, so that
///      nothing is written after a failure until the machine tries again.
///  E2  Messages may be lost, repeated, reordered and delayed, not altered.
///  E3  `event::now` comes from a monotonic clock; rates may differ by a few
///      per cent. `time_passed` comes soon after `next_wake()`.
///  E4  The state machine applies entries in the order handed, from
///      `recovered_state::applied` on.
///  E5  Each `install_snapshot` is answered, as each `read_snapshot` and
///      `load_entries`; a snapshot that is read is of `at_least` the index asked for.
class raft_machine {
public:
  struct peer_status {
    node_id node;
    bool voter = false;
    bool reachable = false;
    log_index matched;
    progress::phase phase = progress::phase::probing;
    bool lacks_state = false;
  };

  /// Continues from what the disk holds. `own_store` 0: stores are not checked.
  raft_machine(node_id self, store_id own_store, const raft_settings& settings,
               const recovered_state& found, time_ms now);

  effects step(const event& what);

  /// When `time_passed` is wanted next; nothing while there is nothing to wait
  /// for. Ask again after each step.
  std::optional<time_ms> next_wake() const;

  node_id self() const { return self_; }
  role_kind role() const;
  term current_term() const { return hard_.current_term; }
  node_id voted_for() const { return hard_.voted_for; }
  node_id leader_known() const; ///< 0: unknown
  bool lacks_state() const { return state_ == state_standing::missing; }
  log_index commit() const { return commit_; }
  log_index handed() const { return handed_; }
  const raft_log& log() const { return log_; }
  const configuration& members() const { return log_.members(); }
  bool has_quorum() const;
  /// Where its log ends, or once ended (rule 15).
  log_position reached() const;
  /// It is known to have lost some of what it had said, and its log hasn't come as far
  /// again (P19).
  bool has_gone_back() const { return bound_ && bound_->went_back && is_bound(); }
  /// The disk has refused two writes in a row for want of room, `disk_retry_ms` apart.
  bool waits_for_room() const { return refused_for_room_ > 1; }
  bool is_stopped() const { return stopped_; }
  /// Of a leader: its peers, in ascending order; else nothing.
  std::vector<peer_status> peers() const;

private:
  // -- raft_machine.cpp: taking events apart ----------------------------------
  void on(const time_passed&);
  void on(const received& event);
  void on(const applied& event);
  void on(const link_changed& event);
  bool settle_term(const message& what);
  void dispatch(const message& what);
  bool from_other_store(const message& what) const;

  void become_follower(term at_term, node_id leader);
  void set_hard_state(term at_term, node_id voted_for);
  void say(node_id to, body content);
  void say_as(node_id to, term at_term, body content);
  void say_once_written(node_id to, body content);
  time_ms draw(time_ms low, time_ms high);

  void remember_proposal(ticket id);
  void hand_over();
  void settle_proposals();
  void report_role();
  void check_invariants() const;

  // -- disk.cpp: what is durable ----------------------------------------------
  void on(const persisted& event);
  void on(const persist_failed& event);
  void become_stopped(node_id successor);
  void write_out();
  void retry_full_disk();
  bool hard_state_durable() const { return hard_ == writes_.durable(); }

  // -- election.cpp: follower to leader ---------------------------------------
  void on_vote_request(const message& from, const vote_request& ask);
  void on_vote_reply(const message& from, const vote_reply& answer);
  void on_timeout_now(const message& from);
  void on(const witnesses_told& event);
  bool is_bound() const;
  void become_pre_candidate();
  void become_candidate(bool transfer);
  void ask_for_votes(term at_term, bool pre, bool transfer);
  void count_pre_votes();
  void count_votes();
  void on_campaign_time();
  bool installing() const { return arriving_ && arriving_->last; }
  bool may_vote() const;
  bool may_campaign() const;
  bool leader_seems_alive() const;
  bool yields_to(const message& from, const vote_request& ask) const;

  // -- follower.cpp: taking the leader's entries in ---------------------------
  void on_append_request(const message& from, const append_request& what);
  bool take_entries(follower& state, const append_request& what);
  void refuse_append(node_id to, const append_request& what);
  void acknowledge(std::uint64_t round);
  void follow(node_id leader, bool quiet);
  time_ms patience_with(bool quiet) const;

  // -- leader.cpp: replies, commit, proposals, time ---------------------------
  void on(const propose& event);
  void on_append_reply(const message& from, const append_reply& answer);
  void on(const peer_began& event);
  void become_leader();
  void append_own(entry item);
  void advance_commit();
  void on_leader_time(leader& state);
  void check_quorum(leader& state);
  void note_quorum(leader& state);
  void step_down(node_id successor);
  node_id best_successor() const;
  void sync_peers(leader& state);
  void on_peer_link(leader& state, node_id peer, bool up);

  // -- replication.cpp: what goes to a peer, and when -------------------------
  void on(const entries_loaded& event);
  void replicate();
  void replicate_to(leader& state, node_id peer, progress& to);
  void send_entries(leader& state, node_id peer, progress& to,
                    std::vector<entry> entries);
  void send_heartbeat(leader& state, node_id peer, progress& to);
  bool has_work(const leader& state) const;
  void settle_quiet(leader& state);
  void become_awake(leader& state);
  void on_refused(leader& state, node_id peer, progress& to,
                  const append_reply& answer);

  // -- reads.cpp: read-index --------------------------------------------------
  void on(const read_request& event);
  void begin_read_round(leader& state);
  void answer_reads(leader& state);
  void refuse_reads(leader& state);

  // -- membership.cpp: configuration, transfer --------------------------------
  void on(const propose_configuration& event);
  void on(const transfer_leadership& event);
  void advance_transfer(leader& state);
  void advance_membership(leader& state);
  std::optional<refusal> reason_against(const leader& state,
                                        const configuration& wanted) const;
  void append_configuration(configuration members);
  void report_configuration();

  // -- snapshot.cpp: compaction, sending and installing -----------------------
  void on(const compacted& event);
  void on(const snapshot_read& event);
  void on(const snapshot_stored& event);
  void on(const snapshot_installed& event);
  void on(const snapshot_failed& event);
  void on(const state_checked&);
  void on(const damage_found&);
  void on_snapshot_chunk(const message& from, const snapshot_chunk& part);
  void on_snapshot_reply(const message& from, const snapshot_reply& answer);
  void begin_snapshot(node_id peer, progress& to);
  void ask_for_part(node_id peer, progress& to);
  void defer_repair(progress& to);
  void end_snapshot(node_id peer, progress& to);

  // Constant.
  const node_id self_;
  const store_id own_store_;
  const raft_settings settings_;
  const log_position promised_; // rule 15

  // Durable, or on the way to the disk.
  hard_state hard_;
  raft_log log_;
  write_queue writes_;
  std::uint64_t hard_written_by_ = 0; // the write that makes hard_ durable
  log_index unwritten_from_;          // first entry not yet given to the disk
  bool base_unwritten_ = false;
  bool drop_tail_ = false;

  // What is known.
  struct binding {
    log_position reached;
    bool went_back = false;
    time_ms until = 0; ///< if nothing is known to be lost
  };
  std::optional<binding> bound_; ///< what it may have said before it started (I13)
  role_state role_;
  log_index commit_;
  log_index handed_;
  log_index applied_;
  state_standing state_;
  std::size_t applying_bytes_ = 0;
  std::set<node_id> links_down_;
  struct own_proposal {
    term at_term;
    ticket id;
  };
  std::multimap<log_index, own_proposal> proposals_; // of ours, not yet settled
  struct arriving_part {
    snapshot_mark mark;
    bool last = false;
  };
  std::optional<arriving_part> arriving_; // given to the state store, unanswered

  // Trouble.
  bool stopped_ = false;
  std::optional<time_ms> disk_retry_at_; // set while the disk is full
  std::uint32_t refused_for_room_ = 0;   // writes in a row

  // The step under way.
  time_ms now_ = 0;
  std::uint64_t random_state_;
  effects out_;
  bool hard_changed_ = false;
  role_changed reported_role_;
  configuration_changed reported_members_;
};

} // namespace present::raft
