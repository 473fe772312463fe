#pragma once

#include "actors/client/cluster_map.hpp"
#include "actors/partition/operation.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/hlc.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

/// One client session: numbers its operations, finds the node that can answer
/// each, follows leaders and map changes, retries what may be retried, and says
/// what is known when it gives up.
///
///   called ──▶ routing ──▶ sent ──answer──▶ completed
///                 ▲  │       │
///                 │  └ no map: fetch_map
///                 └── waiting ◀┘ not_leader, link lost: at once or after a pause, uncounted
///                                overloaded, no_quorum …: backoff with jitter, counted (3)
///
/// Invariants
/// I1  Each call is completed exactly once, at its deadline at the latest.
/// I2  A retry carries the operation id of the first try (P4).
/// I3  `not_applied` only if every attempt was not applied, or one attempt was
///     answered by the state machine: its session table would have known of any
///     earlier one (P5). Else the outcome is unknown.
/// I4  `acked_below` is the lowest number without an answer.
namespace present::client {

using call_id = std::uint64_t;

/// Keys by the name of their space: what a user writes. The machine puts in the
/// numbers of the map it has.
struct get_call {
  std::string space;
  std::string key;
};
struct scan_call {
  std::string space;
  std::string first;
  std::string last; ///< empty: the end of the space
  std::uint32_t limit = 0;
  bool keys_only = false;
};
struct put_call {
  std::string space;
  std::string key;
  bytes_ptr value;
  condition when;
};
struct remove_call {
  std::string space;
  std::string key;
  condition when;
};
using call_kind = std::variant<get_call, scan_call, put_call, remove_call,
                               create_space, drop_space>;

/// How a call ended. `problem.code` ok: `given` counts.
struct outcome_of_call {
  answer given;
  error problem;
  std::uint32_t attempts = 0;
};

struct settings {
  client_id id; ///< random, never used before
  std::uint64_t seed = 0;
  std::uint32_t max_retries = 3;
  std::uint32_t backoff_base_ms = 10;
  std::uint32_t backoff_cap_ms = 1000;
  /// A map is asked for again at most this often.
  std::uint32_t map_pause_ms = 50;
};

// -- what the machine hears --------------------------------------------------------

struct called {
  call_id id = 0;
  call_kind what;
  std::uint32_t deadline_ms = 0; ///< 0: bounds::default_deadline_ms
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
struct map_arrived {
  node_id from;
  std::shared_ptr<const cluster_map> map;
};
struct map_failed {
  node_id from;
};
struct time_passed {};

using event_kind
  = std::variant<called, answered, attempt_lost, map_arrived, map_failed, time_passed>;

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
  operation what;
};
struct fetch_map {
  node_id from; ///< 0: any node that is reachable
};
struct complete {
  call_id id = 0;
  outcome_of_call how;
};

using effect = std::variant<send_attempt, fetch_map, complete>;
using effects = std::vector<effect>;

/// Not thread-safe: owned by one client actor.
class client_machine {
public:
  explicit client_machine(const settings& options);

  void step(const event& input, effects& out);

  /// When `time_passed` is wanted next; empty: nothing waits.
  std::optional<time_ms> next_wake() const;

  std::size_t open_calls() const { return calls_.size(); }
  hlc_stamp seen() const { return seen_; }

private:
  struct call {
    call_kind what;
    operation as_operation; ///< numbered when first routed (I2)
    bool is_write = false;
    time_ms deadline = 0;
    std::uint64_t attempt = 0; ///< 0: none under way
    node_id target;            ///< of the attempt under way
    partition_id partition;
    std::uint32_t attempts = 0;
    std::uint32_t retries = 0;
    std::uint32_t redirects = 0; ///< in a row: paces uncounted tries
    bool maybe_applied = false;  ///< an attempt's outcome is unknown (I3)
    bool space_was_checked = false; ///< against the root's leader
    std::optional<time_ms> retry_at;
    error last;
  };

  void on_called(const event& input, const called& what, effects& out);
  void on_answered(const event& input, const answered& what, effects& out);
  void on_lost(const event& input, const attempt_lost& what, effects& out);
  void on_map(const event& input, const map_arrived& what, effects& out);
  void on_map_failed(const event& input, const map_failed& what, effects& out);
  void on_time_passed(const event& input, effects& out);

  void route(call_id id, const event& input, effects& out);
  void wait_for_map(call_id id, const event& input, effects& out);
  void check_space(call_id id, const event& input, effects& out);
  void send_to(call_id id, node_id target, const event& input, effects& out);
  std::optional<partition_id> resolve(call& asked) const;
  node_id target_of(partition_id partition);
  call* end_attempt(std::uint64_t attempt, call_id& id);
  void follow(call_id id, const event& input, node_id hint, effects& out);
  void retry(call_id id, const event& input, const error& why, effects& out);
  void pause(call_id id, time_ms until);
  void want_map(const event& input, effects& out);
  void ask_for_map(const event& input, effects& out);
  void finish(call_id id, outcome_of_call how, effects& out);
  void give_up(call_id id, error why, effects& out);
  std::uint64_t draw();

  settings options_;
  std::shared_ptr<const cluster_map> map_;
  hlc_stamp seen_;
  std::map<call_id, call> calls_;
  std::map<std::uint64_t, call_id> attempts_;
  std::set<std::pair<time_ms, call_id>> deadlines_;
  std::set<std::pair<time_ms, call_id>> pauses_;
  std::set<call_id> without_map_;
  std::set<operation_number> unanswered_;
  std::map<partition_id, node_id> leaders_;
  std::uint64_t next_number_ = 1;
  std::uint64_t next_attempt_ = 1;
  std::uint64_t next_node_ = 0;
  std::uint64_t random_state_;
  std::optional<time_ms> map_wanted_at_;
  time_ms map_not_before_ = 0;
  bool map_under_way_ = false;
};

} // namespace present::client
