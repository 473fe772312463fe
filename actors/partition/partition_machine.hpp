#pragma once

#include "actors/partition/gathered_writes.hpp"
#include "actors/partition/operation.hpp"
#include "actors/partition/session_table.hpp"
#include "storage/state.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
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
///         └──applied); what is in the log waits there for its fate───────┘
///
/// A write: arrived → (gathered) → proposed → in the log at (index, term) →
/// committed → applied → answered. A read: arrived → read-index round → state has
/// applied that index → answered. While one proposal is in flight the next batch
/// gathers, so an idle partition proposes at once and a busy one in large entries.
///
/// Invariants
/// I1  Entries are applied in log order, each once: applied' = applied + 1.
/// I2  What applying an entry does depends on the entry and the state alone (P1):
///     not on time, role, or what this replica knows beyond its log.
/// I3  Stamps in the log rise: a leader stamps above everything in its log.
/// I4  A request is answered exactly once, and its operations in their order.
/// I5  `not_applied` is said only of operations that were never proposed, or whose
///     entry was replaced, or that were refused when applied (P5).
/// I6  A read is answered from a state that has applied at least the index of a
///     read-index round that began after the read arrived (P15).
namespace present::partition {

/// Names a request until its response; chosen by whoever delivers it.
using request_tag = std::uint64_t;

struct settings {
  partition_id id;
  node_id self;
  std::uint64_t max_clock_offset_ms = hybrid_clock::default_max_offset_ms;
  /// Entries proposed and not yet committed. Two keep the disk busy while the
  /// quorum's answers are on their way; more only cut the batches smaller.
  std::size_t max_proposals_in_flight = 2;
  std::size_t max_sessions = bounds::max_sessions_per_identity;
  /// A checkpoint is due after this many applied bytes (P27: large ones are
  /// many times cheaper a put).
  std::size_t checkpoint_bytes = 64 * bounds::mib;
};

// -- what the machine hears --------------------------------------------------------

struct arrived {
  request_tag tag = 0;
  std::shared_ptr<const request> what;
};
struct role_known {
  bool leads = false;
  term at_term;
  node_id leader; ///< 0: unknown
};
struct quorum_known {
  bool has_quorum = false;
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
struct time_passed {};

using event_kind
  = std::variant<arrived, role_known, quorum_known, proposal_placed,
                 proposal_refused, proposal_replaced, proposal_lost, read_confirmed,
                 read_refused, committed, time_passed>;

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
/// The state table is large enough for a checkpoint.
struct checkpoint_due {};

using effect = std::variant<propose, confirm_read, respond, checkpoint_due>;
using effects = std::vector<effect>;

// -- the machine -------------------------------------------------------------------

/// Not thread-safe: owned by one partition actor. `table` outlives the machine.
class partition_machine {
public:
  /// Rebuilds spaces and sessions from what `table` holds, which contains
  /// everything up to `mark`.
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
  std::size_t waiting_requests() const { return waiting_.size(); }
  const session_table& sessions() const { return sessions_; }
  map_epoch epoch() const { return epoch_; }
  /// Every space by name, for the map that clients keep.
  const std::map<std::string, space_id>& spaces() const { return spaces_; }

  /// Puts what lives outside the table (sessions) into it: call before
  /// `table.freeze()`, so that one checkpoint holds all of the state.
  void write_back();

private:
  enum class phase : std::uint8_t { following, taking_over, leading };

  /// A request on its way to its response (I4).
  struct waiting_request {
    time_ms deadline = 0;
    std::shared_ptr<const request> what;
    response reply;
    std::size_t open = 0; ///< operations without an answer
  };

  /// An entry of this leader's on its way to commit.
  struct proposal {
    std::vector<write_origin> origins; ///< place i of the batch: who asked
    std::optional<std::pair<log_index, term>> place;
  };

  struct waiting_read {
    request_tag tag = 0;
    std::optional<log_index> at; ///< what must be applied first
  };

  // on_<event>, in protocol order
  void on_arrived(const event& input, const arrived& what, effects& out);
  void on_role(const role_known& what, effects& out);
  void on_placed(const proposal_placed& what);
  void on_refused(const proposal_refused& what, effects& out);
  void on_replaced(std::uint64_t ticket, effects& out);
  void on_lost(std::uint64_t ticket, effects& out);
  void drop_proposal(std::uint64_t ticket, const error& why, effects& out);
  void on_read_confirmed(const read_confirmed& what, effects& out);
  void on_read_refused(std::uint64_t ticket, effects& out);
  void on_committed(const committed& what, effects& out);
  void on_time_passed(time_ms now, effects& out);

  // admission
  std::optional<error> refusal_of(const event& input, const request& what);
  void propose_gathered(std::uint64_t wall_ms, effects& out);
  bool has_own_work() const;

  // applying (I2)
  void apply_batch(const entry_batch& batch, std::vector<answer>& answers);
  answer apply_write(const operation& asked, hlc_stamp stamp);
  answer apply_what(const put& asked, hlc_stamp stamp);
  answer apply_what(const remove_key& asked, hlc_stamp stamp);
  answer apply_what(const create_space& asked, hlc_stamp stamp);
  answer apply_what(const drop_space& asked, hlc_stamp stamp);
  void collect_dropped_spaces();
  bool has_space(space_id space) const { return space_records_.contains(space); }
  void restore();

  // reading
  void serve_reads(effects& out);
  void serve_read(request_tag tag, effects& out);
  answer read(const get& asked) const;
  answer read(const scan& asked) const;

  // answering
  void fill(request_tag tag, std::uint32_t place, answer given, effects& out);
  void fail(const std::vector<write_origin>& origins, const error& why,
            effects& out);
  void refuse(request_tag tag, error why, effects& out) const;
  void forget_deadline(request_tag tag, time_ms deadline);
  error not_leading() const;

  void check_invariants() const;

  const settings options_;
  storage::state& table_;

  // what is replicated
  log_index applied_;
  term applied_term_;
  hlc_stamp latest_; ///< of the last operation applied
  hybrid_clock clock_;
  session_table sessions_;
  std::map<std::string, space_id> spaces_;
  std::unordered_map<space_id, storage::space_record> space_records_;
  std::set<space_id> dropped_; ///< spaces whose keys are still to go
  space_id next_space_{1};
  map_epoch epoch_{1};

  // what this replica knows beyond its log
  phase phase_ = phase::following;
  bool has_quorum_ = true;
  bool checkpoint_asked_ = false;
  term term_;
  node_id leader_;

  // what is on its way
  std::unordered_map<request_tag, waiting_request> waiting_;
  std::multimap<time_ms, request_tag> deadlines_;
  gathered_writes gathered_;
  std::map<std::uint64_t, proposal> proposals_;
  std::map<log_index, std::uint64_t> placed_; ///< index → ticket
  std::map<std::uint64_t, waiting_read> reads_;
  std::uint64_t last_ticket_ = 0;
};

} // namespace present::partition
