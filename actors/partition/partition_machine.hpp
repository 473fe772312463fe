#pragma once

#include "actors/conflict/write_advisor.hpp"
#include "actors/partition/gathered_writes.hpp"
#include "actors/partition/held_requests.hpp"
#include "actors/partition/lease_clock.hpp"
#include "actors/partition/open_requests.hpp"
#include "actors/partition/operation.hpp"
#include "actors/partition/parked_reads.hpp"
#include "actors/partition/peer_clocks.hpp"
#include "actors/partition/state_machine.hpp"
#include "actors/partition/transaction_plan.hpp"
#include "actors/watch/watch_machine.hpp"
#include "storage/log_entry.hpp"
#include "storage/state.hpp"

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

/// One partition replica above its raft group: admits what clients ask, stamps
/// and batches it into log entries, applies what is committed, and answers.
///
///   ┌───────────┐  elected  ┌─────────────┐  own-term empty entry  ┌─────────┐
///   │ following │──────────▶│ taking over │───────applied─────────▶│ leading │
///   └───────────┘           └─────────────┘                        └─────────┘
///         ▲  leadership lost: what waits to be proposed is refused (not  │
///         │  applied); what is in the log waits for its fate, a moment   │
///         └──────────────────────────────────────────────────────────────┘
///
/// A write: arrived → (gathered) → proposed → in the log at (index, term) →
/// committed → applied → answered. A read: arrived → read-index round → state has
/// applied that index → answered. While one proposal is in flight the next batch
/// gathers, so an idle partition proposes at once and a busy one in large entries: if
/// something has gathered by then, a slow round's next one waits for those whom its answers
/// wake, too, for a part of its time, or until as many have come.
///
/// Invariants
/// I1  Entries are applied in log order, each once: applied' = applied + 1.
/// I2  What applying an entry does depends on the entry and the state alone (P1):
///     it is the business of `state_machine`, which knows nothing else.
/// I3  Stamps in the log rise: a leader stamps above everything in its log.
/// I4  A request is answered exactly once, at its deadline at the latest, and its
///     operations in their order.
/// I5  `not_applied` is said only of operations that were never proposed, or whose
///     entry was replaced, or that were refused when applied (P5). What is in the
///     log at the deadline is `unknown`, each operation by itself; and so is what
///     still is `fate_patience_ms` after the leadership was lost, for whoever is cut
///     off from the next leader hears of no fate.
/// I6  A read is answered from a state that has applied at least the index of a
///     read-index round that began after the read arrived (P15); unless it says
///     that a stale one will do: then from the state as it is, by any replica.
/// I7  What the leader logs of its own accord (the birth of the cluster, its share,
///     leases that have passed, markers) is proposed until it is in the state, one entry at a time.
/// I8  What is stamped, and what is believed of a client's stamp, is bounded by the
///     median of the replicas' clocks (P21).
/// I9  A read that meets a row which fails its check is answered `damaged`, never
///     with the row or without it.
/// I10 Of a disputed bucket nothing is read, and nothing is written to it (P25).
/// I11 A transaction over several partitions is handed to its coordinator only by a leader
///     that has applied an entry of its own term, and only if nothing is known of how it
///     ended (P16). From then on its outcome is unknown until the coordinator says it.
/// I12 Who meets a lock waits until somebody's locks go, up to its deadline (P11).
/// I13 A watch waits in no log and for no round: it hears of what is applied here, from a
///     leader, or from any replica if it says that one will do (watch_machine.hpp).
/// I14 A read at a stamp is answered from a state in which that stamp is closed: an entry
///     stamped at or above it has been applied, so that nothing at or below it comes later,
///     whoever leads (P22). Where nobody writes the leader proposes one.
/// I15 A read that waits for a lock is confirmed first, and is answered when that changes,
///     when it has waited for as long as it said, or when the leadership ends.
/// I16 Nobody else's push aborts a transaction that is with this leadership's coordinator:
///     only what nobody drives any more (P8).
/// I17 A write that comes after what isn't applied here is held back, not proposed, until
///     it is or until its deadline (C5).
/// I18 What users supply runs here, when the leader admits a write, and is logged as its
///     result (P1); a client's findings are thrown away.
namespace present::partition {

struct settings {
  partition_id id;
  node_id self;
  std::uint64_t max_clock_offset_ms = hybrid_clock::default_max_offset_ms;
  /// Entries proposed and not yet committed. A second one on its way would cut both
  /// smaller: an entry costs the three nodes as much as about twenty operations.
  std::size_t max_proposals_in_flight = 1;
  /// Requests without a response; beyond it the partition says `overloaded`.
  std::size_t max_open_requests = 4 * bounds::max_session_inflight;
  /// A new leader commits what it finds in its log within a round trip or two; who
  /// asked can ask that one when this has passed (P4 makes it safe).
  std::uint32_t fate_patience_ms = 100;
  session_limits sessions;
  watching::settings watches;
  /// A decision that some haven't heard of after so long is driven again; a lock of this
  /// age is doubted: that costs home a request, and no transaction that is under way
  /// its life (I16).
  std::uint32_t drive_after_ms = 2'000;
  std::uint32_t doubt_after_ms = 1'000;
  /// A checkpoint is due after this many applied bytes (P27: large ones are
  /// many times cheaper a put).
  std::size_t checkpoint_bytes = 64 * bounds::mib;
  /// A marker is logged after so long if anything was applied since the last one, and
  /// after so many entries at the latest (P24).
  std::uint32_t marker_interval_ms = 60'000;
  std::uint64_t marker_entries = 100'000;
  /// What the program has registered; null: nothing.
  std::shared_ptr<const conflict::write_advisor> advisor;
  /// The root's: what the cluster is born with.
  cluster_map_ptr founding_map;
};

// -- what the machine hears --------------------------------------------------------

struct arrived {
  request_tag tag = 0;
  std::shared_ptr<const request> what;
  bool is_traced = false; ///< `stage_reached` is wanted of it
  /// From a coordinator: it is of that term's leader, and of no other's (P16).
  std::optional<term> only_in = std::nullopt;
};
/// From the coordinator of what was handed over with `coordinate` in that term: tags of
/// another life of this replica name other requests.
struct coordinated {
  request_tag tag = 0;
  std::uint32_t place = 0;
  term at_term;
  answer what;
};
/// The coordinator on this node has ended, and with it all that it had in hand.
struct coordinator_gone {};
struct role_known {
  bool leads = false;
  term at_term;
  node_id leader; ///< 0: unknown
};
struct quorum_known {
  bool has_quorum = false;
};
/// The replica's disk has refused writes for a while, or takes them again.
struct room_known {
  bool has_room = true;
};
struct proposal_placed {
  std::uint64_t ticket = 0;
  log_index index;
  term at_term;
};
enum class refusal_reason : std::uint8_t { not_leader, overloaded, disk_full };
struct proposal_refused {
  std::uint64_t ticket = 0;
  refusal_reason why = refusal_reason::not_leader;
};
/// The entry lost its place to another leader's: it will never be applied.
struct proposal_replaced {
  std::uint64_t ticket = 0;
};
/// A snapshot took the entry's place over: whether it was applied can't be told.
struct proposal_lost {
  std::uint64_t ticket = 0;
};
struct read_confirmed {
  std::uint64_t ticket = 0;
  log_index index;
};
struct read_refused {
  std::uint64_t ticket = 0;
};
/// A committed entry; null batch: an empty or configuration entry.
struct committed {
  log_index index;
  term at_term;
  std::shared_ptr<const entry_batch> batch;
};
/// The table now is a snapshot's: it holds everything up to `mark`.
struct restored {
  raft::snapshot_mark mark;
};
/// The root's map as this node knows it; older ones may come after newer.
struct map_known {
  cluster_map_ptr map;
};
/// A marker is to be logged; it is once per leadership and per request (I7).
struct marker_due {};
/// Rows of these buckets (storage/digest.hpp) are not the same on all replicas, and
/// nobody can say which are right: until told otherwise, or the leadership ends.
struct buckets_disputed {
  std::vector<std::uint16_t> buckets;
};
/// A peer's wall clock, as it was when the peer sent a message.
struct peer_clock_read {
  node_id peer;
  std::uint64_t wall_ms = 0;
};
/// Who votes; clocks of others don't count.
struct voters_known {
  std::vector<node_id> voters;
};
struct time_passed {};

using event_kind
  = std::variant<arrived, role_known, quorum_known, room_known, proposal_placed,
                 proposal_refused, proposal_replaced, proposal_lost, read_confirmed,
                 read_refused, committed, restored, map_known, marker_due, buckets_disputed,
                 peer_clock_read, voters_known, time_passed, coordinated, coordinator_gone>;

struct event {
  time_ms now = 0;           ///< monotonic
  std::uint64_t wall_ms = 0; ///< slewed to wall time (P21); stamps come from it
  event_kind what;
};

// -- what the machine asks for -----------------------------------------------------

struct propose {
  std::uint64_t ticket = 0;
  std::shared_ptr<const entry_batch> batch;
};
struct confirm_read {
  std::uint64_t ticket = 0;
};
struct respond {
  request_tag tag = 0;
  std::shared_ptr<const response> what;
};
/// How far a traced request has come; each stage comes before the response. Decides
/// nothing.
enum class request_stage : std::uint8_t {
  logged,    ///< its writes have a place in the log
  applied,   ///< they were committed and applied, in this step
  confirmed, ///< its reads have been served
};
struct stage_reached {
  request_tag tag = 0;
  request_stage stage = request_stage::logged;
};
/// The entry just applied is a marker: a checkpoint is to be cut here (P24).
struct marker_applied {
  log_index index;
};
/// The state table is large enough for a checkpoint.
struct checkpoint_due {};
/// A read met a row that fails its check. It was answered `damaged`; what comes after
/// it would be no better, so this replica is built anew.
struct damage_met {
  std::shared_ptr<const std::string> what;
};

/// For the coordinator of this leadership: a client's transaction over several
/// partitions, which is home's; answered with `coordinated`.
struct coordinate {
  request_tag tag = 0;
  std::uint32_t place = 0;
  term at_term;
  std::shared_ptr<transaction_plan> plan; ///< whoever carries this out may take it
};
/// Likewise: decided, and somebody may not know it yet. Said again until they do.
struct drive_decision {
  term at_term;
  transaction_terms terms; ///< `home`: a key of this partition
  storage::decision_record decision;
};
/// Likewise: a lock of this age may have been left (P8).
struct doubt_lock {
  term at_term;
  transaction_terms terms;
  anchor here; ///< what it has locked in this partition
};

using effect
  = std::variant<propose, confirm_read, respond, stage_reached, marker_applied,
                 checkpoint_due, damage_met, coordinate, drive_decision, doubt_lock>;
using effects = std::vector<effect>;

// -- the machine -------------------------------------------------------------------

/// Not thread-safe: owned by one partition actor. `table` outlives the machine.
class partition_machine {
public:
  /// Goes on from what `table` holds, which contains everything up to `mark`.
  partition_machine(const settings& options, storage::state& table,
                    const raft::snapshot_mark& mark);

  void step(const event& input, effects& out);

  /// When `time_passed` is wanted next; empty: nothing waits.
  std::optional<time_ms> next_wake() const;

  log_index applied() const { return applied_; }
  term applied_term() const { return applied_term_; }
  bool leads() const { return phase_ == phase::leading; }
  node_id leader() const { return leader_; }
  hlc_stamp latest_stamp() const { return clock_.latest(); }
  std::size_t waiting_requests() const { return requests_.size() + held_.size(); }
  std::size_t waiting_watches() const { return watches_.waiting(); }
  const session_table& sessions() const { return state_->sessions(); }
  map_epoch epoch() const { return state_->epoch(); }
  std::size_t disputed_buckets() const { return disputed_.count(); }
  /// The root's map as of what is applied; null in other partitions.
  cluster_map_ptr root_map() const {
    const auto* root = state_->root_catalog();
    return root ? root->map() : nullptr;
  }

  /// The batch that this replica proposed and that stands at this place of the
  /// log; null if the entry there is another's. Saves a leader decoding it.
  std::shared_ptr<const entry_batch> proposed_at(log_index index, term at_term) const;

  /// Call before `table.freeze()`, so that one checkpoint holds all of the state.
  void write_back();

private:
  enum class phase : std::uint8_t { following, taking_over, leading };

  /// An entry of this leader's on its way to commit.
  struct proposal {
    time_ms since = 0;
    std::shared_ptr<const entry_batch> batch;
    std::vector<write_origin> origins; ///< place i of the batch: who asked
    std::optional<raft::log_position> place;
    std::vector<request_tag> traced; ///< of those who asked; mostly nobody
  };

  // on_<event>, in protocol order
  void on_arrived(const event& input, const arrived& what, effects& out);
  void on_role(const event& input, const role_known& what, effects& out);
  void on_placed(const proposal_placed& what, effects& out);
  void on_refused(const event& input, const proposal_refused& what, effects& out);
  void on_replaced(std::uint64_t ticket, effects& out);
  void on_lost(std::uint64_t ticket, effects& out);
  void drop_proposal(std::uint64_t ticket, const error& why, effects& out);
  void on_read_confirmed(const read_confirmed& what, effects& out);
  void on_read_refused(std::uint64_t ticket, effects& out);
  void on_committed(const event& input, const committed& what, effects& out);
  void on_restored(const restored& what, effects& out);
  void on_map(const map_known& what);
  std::uint64_t bounded_wall(std::uint64_t wall_ms) const {
    return peers_.bounded(wall_ms, options_.max_clock_offset_ms);
  }
  void on_time_passed(time_ms now, effects& out);

  void become_following(time_ms now, effects& out);
  void become_taking_over(time_ms now);
  void become_leading(time_ms now);

  // watches, in partition_watches.cpp
  bool take_watch(const event& input, const arrived& what, effects& out);
  void step_watches(watching::event&& what, effects& out);
  void tell_watches(watching::effects& told, effects& out);
  void answer_watch(request_tag tag, answer given, effects& out);
  void end_watches_elsewhere(effects& out);
  void end_watch(request_tag tag, effects& out);

  // admission
  std::optional<error> malformation_of(const request& what) const;
  std::optional<error> unfit_to_lead() const;
  std::optional<answer> refusal_of(const operation& asked) const;
  bool is_disputed(const operation& asked) const;
  std::optional<error> refusal_of(const event& input, hlc_stamp seen) const;
  void serve_stale(const arrived& what, const error& the_rest, effects& out) const;
  std::optional<error> refusal_of_authors(const event& input, const request& what) const;
  void admit_or_hold(time_ms now, const arrived& what, hlc_stamp seen, effects& out);
  void admit(const held_requests::held& what, bool was_held, effects& out);
  void refuse_late_held(time_ms now, effects& out);
  std::optional<operation> advised(const operation& asked) const;
  std::optional<operation> advised_steps(const operation& asked, const transact& steps) const;
  void advise_late(std::vector<operation>& all) const;
  branch_findings judge(const std::vector<present::step>& steps) const;
  void release_held(effects& out);
  void gather_on(time_ms now);
  bool gathers_on(time_ms now) const;
  void propose_gathered(const event& input, effects& out);
  void propose_batch(const event& input, effects& out);
  bool wants_own_entry() const;
  own_command wanted_command() const;
  void compare_share();

  // transactions over several partitions, and their locks: partition_transactions.cpp
  bool reaches_others(const operation& asked) const;
  void coordinate_waiting(const event& input, effects& out);
  result<transaction_plan> plan_for(const operation& asked, std::uint64_t wall_ms) const;
  void on_coordinated(const coordinated& what, effects& out);
  void on_coordinator_gone(effects& out);
  void answer_coordinated(const write_origin& origin, answer given, effects& out);
  bool has_in_hand(const operation_id& id) const;
  std::optional<answer> word_on_push(const held_requests::held& what,
                                     const operation& asked) const;
  void look_for_left_transactions(const event& input, effects& out);
  std::optional<time_ms> next_look() const;
  void keep_waiting(proposal& done, std::vector<answer>& answers);
  void wake_lock_waiters(effects& out);

  // what becomes of them
  void settle_proposals(const committed& what, std::vector<answer> answers,
                        effects& out);
  void serve_applied_reads(effects& out);
  void serve_read(std::uint64_t ticket, effects& out);
  /// What the reads of one request have in common.
  struct read_turn {
    std::size_t bytes_left = bounds::max_request;
    std::shared_ptr<const std::string> damage; ///< a row that failed its check was met
  };
  answer read(const operation& asked, read_turn& turn) const;

  // locks (partition_locks.cpp)
  void serve_lock_read(request_tag tag, open_request& asked, std::uint32_t place);
  answer read_lock_now(const operation& asked) const;
  std::optional<std::uint32_t> lease_of(const keep_lock& kept) const;
  void on_locks_changed(time_ms now, effects& out);
  void answer_parked(const parked_reads::read& read, bool at_last, effects& out);
  void refuse_parked(effects& out);

  // answering
  template <class GiveAnswer>
  void answer_each(const std::vector<write_origin>& origins, GiveAnswer give,
                   effects& out);
  void fail(const std::vector<write_origin>& origins, const error& why, effects& out);
  void answer_late(request_tag tag, effects& out);
  answer late_answer(waits_for fate) const;
  void respond_if_complete(request_tag tag, const open_request& answered,
                           effects& out);
  void refuse(request_tag tag, error why, effects& out) const;
  void send(request_tag tag, response reply, effects& out) const;
  error not_leading() const;

  void check_invariants() const;

  const settings options_;
  storage::state& table_;
  watching::watch_machine watches_;
  std::optional<state_machine> state_; ///< always there; built anew from a snapshot
  log_index applied_;
  term applied_term_;

  // what this replica knows beyond its log
  phase phase_ = phase::following;
  bool has_quorum_ = true;
  bool has_room_ = true;
  bool checkpoint_asked_ = false;
  bool marker_is_due_ = false;
  std::bitset<storage::state_digest::buckets> disputed_;
  term term_;
  node_id leader_;
  hybrid_clock clock_;
  peer_clocks peers_;
  /// What this partition owns by the newest map that was heard of.
  adopt_share known_share_;
  bool share_is_due_ = false; ///< it isn't what the state has

  lease_clock leases_;

  // what is on its way
  open_requests requests_;
  gathered_writes gathered_;
  held_requests held_;
  std::map<std::uint64_t, proposal> proposals_;
  time_ms gathers_until_ = 0; ///< if not as many as `awaited_` have come before
  std::size_t awaited_ = 0;
  std::pair<time_ms, std::size_t> last_round_{}; ///< settled in this step: since, writes
  /// Place → ticket. By term too: what an earlier leadership of this replica put
  /// at an index may wait there when the next one puts something else.
  std::map<raft::log_position, std::uint64_t> placed_;
  std::unordered_map<std::uint64_t, request_tag> reads_;
  std::multimap<hlc_stamp, std::uint64_t> by_stamp_; ///< read at → ticket of `reads_`
  hlc_stamp close_up_to_; ///< somebody reads at this stamp: an entry above it is wanted
  std::multimap<log_index, std::uint64_t> confirmed_; ///< index → ticket of `reads_`
  parked_reads parked_;
  std::uint64_t last_ticket_ = 0;
  /// Transactions that are to be handed to the coordinator, and those that it has in hand.
  std::vector<write_origin> to_coordinate_;
  std::map<write_origin, operation_id> in_hand_;
  // Who has met a lock (I12), and how many locks had gone by then.
  std::vector<write_origin> locked_writes_;
  std::vector<std::uint64_t> locked_reads_; ///< tickets of `reads_`
  std::uint64_t releases_seen_ = 0;
  cluster_map_ptr map_; ///< the newest that was heard of
  time_ms looks_at_ = 0; ///< for transactions that were left, when leading
  /// After a refusal an entry of the machine's own waits until then.
  time_ms own_entry_not_before_ = 0;
};

} // namespace present::partition
