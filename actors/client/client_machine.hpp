#pragma once

#include "actors/client/client_call.hpp"
#include "actors/membership/cluster_map.hpp"
#include "actors/client/open_numbers.hpp"
#include "actors/client/pacing.hpp"
#include "actors/client/session_claims.hpp"
#include "actors/partition/operation.hpp"
#include "actors/partition/transaction_parts.hpp"
#include "runtime/base/bounds.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/hlc.hpp"
#include "runtime/observe/trace_context.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

/// One client session: numbers its operations, finds the node that can answer
/// each, follows leaders and map changes, retries what may be retried, and says
/// what is known when it gives up.
///
///   called ──▶ routing ──▶ sent ──answer──▶ completed
///                 ▲  │       │  └ a scan's next range: routing again
///                 │  └ no map, no such space in it: fetch_map
///                 └── waiting ◀┘ not_leader, link lost: at once or after a pause, uncounted
///                                overloaded, no_quorum …: backoff with jitter, counted (3)
///                                died for an older transaction: the same, uncounted (P13)
///
/// Invariants
/// I1  Each call is completed exactly once, at its deadline at the latest.
/// I2  A retry carries the operation id of the first try (P4). Only an operation
///     of which every try is known not to be applied may begin anew under another.
///     A write with a name never does: its id is everybody's who uses the name.
/// I3  `not_applied` only if every attempt was not applied, or one of them got the
///     state machine's verdict: its session table would have known of any earlier
///     one (P5). Else the outcome is unknown; also that of a named write, which
///     somebody may have asked for before.
/// I4  `acked_below` is the lowest number without an answer.
/// I5  That a space does not exist is said only by the map of the root's leader, and
///     what a map call gets is such a map that was asked for after the call.
/// I6  Everything is bounded: at most `max_open_calls` are open, more are refused.
/// I7  A session that ends completes its open calls at once, takes no more, and says so to
///     each partition that may have claims of it, wherever that is by the newest map; then
///     comes `session_ended`, once, when all have answered or at the end of the patience.
///     What it says may be retried for as long as any claim of it (S6 of session_table.hpp).
namespace present::client {

struct settings {
  client_id id; ///< random, never used before
  std::uint64_t seed = 0;
  std::uint32_t max_retries = 3;
  std::uint32_t backoff_base_ms = 10;
  std::uint32_t backoff_cap_ms = 1000;
  /// A map is asked for again at most this often.
  std::uint32_t map_pause_ms = 50;
  /// Stale reads are sent there first; 0: to each node in turn.
  node_id near;
  std::size_t max_open_calls = bounds::max_session_inflight;
};

// -- what the machine hears --------------------------------------------------------

struct called {
  call_id id = 0; ///< never used twice
  call_kind what;
  std::uint32_t deadline_ms = 0; ///< 0: bounds::default_deadline_ms
  std::optional<write_name> name; ///< without meaning for reads
  observe::trace_context trace;   ///< none: a new trace begins
};
/// The node's answer to attempt `attempt`.
struct answered {
  std::uint64_t attempt = 0;
  answer what;
  error failure; ///< of the whole request; code ok: `what` counts
  hlc_stamp stamp;
  map_epoch epoch;
  node_id leader;
};
/// The link broke after the attempt may have been sent.
struct attempt_lost {
  std::uint64_t attempt = 0;
  bool never_sent = false;
};
/// Each `fetch_map` is followed by one of these two.
struct map_arrived {
  node_id from;
  std::shared_ptr<const cluster_map> map;
};
struct map_failed {
  node_id from;
};
struct time_passed {};
/// Nothing more is to be done in this session (I7). Once.
struct session_closing {
  std::uint32_t patience_ms = 0; ///< of those that are to hear of it
};

using event_kind = std::variant<called, answered, attempt_lost, map_arrived, map_failed,
                                time_passed, session_closing>;

struct event {
  time_ms now = 0;
  std::uint64_t wall_ms = 0;
  event_kind what;
};

// -- what the machine asks for -----------------------------------------------------

struct send_attempt {
  std::uint64_t attempt = 0;
  node_id to;
  partition_id partition;
  map_epoch epoch;
  hlc_stamp seen;
  std::uint32_t deadline_ms = 0;
  observe::trace_context trace;
  operation what;
};
struct fetch_map {
  node_id from; ///< 0: any node that is reachable
};
struct complete {
  call_id id = 0;
  outcome_of_call how;
};

/// The last effect, but for what comes late.
struct session_ended {};

using effect = std::variant<send_attempt, fetch_map, complete, session_ended>;
using effects = std::vector<effect>;

/// Not thread-safe: owned by one client actor.
class client_machine {
public:
  explicit client_machine(const settings& options);

  void step(event input, effects& out);

  /// When `time_passed` is wanted next; empty: nothing waits.
  std::optional<time_ms> next_wake() const;

  /// By the map as it is known; empty: it isn't, or nobody has it.
  std::optional<partition_id> partition_of(const anchor& where) const;

  std::size_t open_calls() const { return calls_.size(); }
  hlc_stamp seen() const { return seen_; }

private:
  using alarms = std::multimap<time_ms, call_id>;

  struct call {
    call_id id = 0;
    call_kind what;
    operation as_operation; ///< numbered when called (I2)
    bool is_write = false;
    bool is_wide = false; ///< a transaction that one partition coordinates with others
    std::optional<write_name> name;
    observe::trace_context trace;
    std::uint32_t patience_ms = 0;
    time_ms deadline = 0;
    alarms::iterator deadline_alarm;
    std::uint64_t attempt = 0; ///< 0: none under way
    node_id target;            ///< of the attempt under way
    partition_id partition;
    std::uint32_t attempts = 0;
    std::uint32_t retries = 0;
    std::uint32_t redirects = 0; ///< since the last retry: paces uncounted tries
    std::uint32_t made_way = 0;  ///< so often, for an older transaction
    bool maybe_applied = false;  ///< an attempt's outcome is unknown (I3)
    std::uint64_t map_number = 0; ///< a map call: the first question that will do
    std::optional<alarms::iterator> pause;
    error last;
    std::vector<scan_row> rows; ///< of the ranges that a scan has behind it
    std::vector<escalated_row> escalated;
    std::size_t bytes = 0;      ///< of those
    transact rest; ///< of what was read: what the partitions after this one are asked
  };

  // on_<event>, in protocol order
  void on_called(const event& input, called& what, effects& out);
  void on_answered(const event& input, answered& what, effects& out);
  void on_lost(const event& input, const attempt_lost& what, effects& out);
  void on_map(const event& input, const map_arrived& what, effects& out);
  void on_map_failed(const event& input, const map_failed& what, effects& out);
  void on_time_passed(const event& input, effects& out);
  void on_closing(const event& input, const session_closing& what, effects& out);

  // what an answer means
  void on_success(call& asked, const event& input, answer& given, effects& out);
  void on_refusal(call& asked, const event& input, answered& what, effects& out);
  void on_no_quorum(call& asked, const event& input, const error& why, node_id hint,
                    effects& out);
  bool scan_goes_on(call& asked, answer& given);
  static bool validation_goes_on(call& asked);

  // routing
  call& open(const event& input, called& what);
  void route(call& asked, const event& input, effects& out);
  void wait_for_map(call& asked, const event& input, effects& out);
  void send_to(call& asked, node_id target, const event& input, effects& out);
  std::optional<partition_id> resolve(call& asked) const;
  bool put_fence(call& asked) const;
  bool is_torn(const call& asked, partition_id partition) const;
  void route_transaction(call& asked, const event& input, effects& out);
  node_id target_of(partition_id partition);
  node_id next_keeper(partition_id partition);
  node_id replica_for(const call& asked);
  void forget_leader(const call& asked);
  call* end_attempt(std::uint64_t attempt);

  // trying again
  void follow(call& asked, const event& input, node_id hint, effects& out);
  void go_again(call& asked, const event& input, effects& out);
  void retry(call& asked, const event& input, const error& why, effects& out);
  static bool comes_anew(const call& asked, const answer& said);
  void come_anew(call& asked, const event& input);
  static bool is_answered(const call& asked, const answered& what);
  void begin_anew(call& asked, const event& input);
  void number(call& asked, const event& input);
  void number_by_name(call& asked, std::uint64_t now_ms) const;
  void pause(call& asked, time_ms until);

  // the map
  void on_map_for(call& asked, const event& input, bool is_roots, effects& out);
  void want_map(const event& input, effects& out);
  void ask_for_map(const event& input, effects& out);

  // the session's end, in session_end.cpp
  void note_claim(const call& asked, const outcome_of_call& how);
  std::optional<partition_id> partition_of(const session_claims::place& where) const;
  void end_where_claimed(const event& input, effects& out);
  void on_end_told(const call& told);

  // ending
  void finish(call& asked, outcome_of_call how, effects& out);
  void give_up(call& asked, error why, effects& out);

  const settings options_;
  pacing pacing_;
  std::shared_ptr<const cluster_map> map_;
  std::map<partition_id, node_id> leaders_;
  hlc_stamp seen_;

  std::unordered_map<call_id, call> calls_;
  std::unordered_map<std::uint64_t, call_id> attempts_;
  alarms deadlines_;
  alarms pauses_;
  std::set<call_id> without_map_;
  open_numbers numbers_;
  std::uint64_t trace_state_;
  std::uint64_t next_attempt_ = 1;
  std::uint64_t next_node_ = 0;

  std::optional<time_ms> map_wanted_at_;
  time_ms map_not_before_ = 0;
  bool map_under_way_ = false;
  std::uint64_t maps_asked_ = 0;

  session_claims claims_;
  struct ending {
    time_ms until = 0;
    std::map<call_id, partition_id> told; ///< what is under way
    std::uint64_t asked = 0;              ///< so far
    bool is_over = false;
  };
  std::optional<ending> ending_;
};

/// Of what is asked of a session that has ended.
error ended_session_error();

} // namespace present::client
