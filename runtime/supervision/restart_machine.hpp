#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/supervision/child_spec.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace present::supervision {

/// Why a child's actor is gone.
enum class stop_reason : std::uint8_t {
  normal, ///< it ended by itself, or did as it was asked
  error,  ///< it crashed, or couldn't be started
  killed, ///< it was killed, by this supervisor or by somebody else
};

std::string_view to_string(stop_reason reason);

namespace restart {

// -- events --------------------------------------------------------------------

/// The supervisor begins: start all children, left to right.
struct start_requested {};
/// The child's actor has initialised itself.
struct child_started {
  std::string id;
};
struct child_stopped {
  std::string id;
  stop_reason reason = stop_reason::normal;
  std::string text; ///< the error, for `escalate`
};
/// A child that joins at run time, to the right of all others.
struct add_child {
  child_rules rules;
};
/// Stop a child and forget it.
struct remove_child {
  std::string id;
};
/// Stop all children, right to left, and end.
struct stop_requested {};
/// `restart_machine::wakes_at` has come.
struct time_passed {};

using event_kind = std::variant<start_requested, child_started, child_stopped,
                                add_child, remove_child, stop_requested,
                                time_passed>;

struct event {
  time_ms now = 0;
  event_kind what;
};

// -- effects -------------------------------------------------------------------

/// Carried out in the order given.
struct start {
  std::string id;
};
/// Ask the child to stop.
struct stop {
  std::string id;
};
/// It had its time.
struct kill {
  std::string id;
};
/// Not even the kill ended it: it is taken for stopped, and what it still sends
/// counts for nothing. `child_stopped` for it is ignored from now on.
struct abandon {
  std::string id;
};
/// The child is no longer this supervisor's, and its name is free.
struct forget {
  std::string id;
};
/// The last effect of all, one of these two.
struct stopped {};
struct escalate {
  std::string reason;
};

using effect
  = std::variant<start, stop, kill, abandon, forget, stopped, escalate>;
using effects = std::vector<effect>;

} // namespace restart

/// Decides which child is started and stopped, and when to give up. Pure.
///
/// Each child:
///
///                     child_started
///        ┌─▶ starting ─────────────▶ running
///  start │      │                       │
///        │      │ crash                 │ crash, or (permanent) any end
///     pending ◀─┴───────────────────────┘
///        ▲                              │ one of its group crashed, it is
///        │ it belongs to the group      ▼ removed, or all stop
///        └────────────────────────── stopping ──shutdown_ms──▶ killing
///                                       │                        │ abandon_ms
///                                       ▼                        ▼
///                        idle (transient, ended normally), or forgotten
///
/// The supervisor:
///
///     unborn ──start_requested──▶ active ──stop_requested──▶ ending ─▶ over
///                                   └──── too many restarts ──▶┘
///
/// I1  A child is started only when all those to its left that are to run are
///     running, at the start and when its group restarts. Children that restart
///     or join one for one wait for nobody.
/// I2  A group, and everything at the end, stops right to left: a child is asked
///     to stop only when all those to its right that are to stop are gone. Those
///     that joined one for one, and don't depend on each other, stop together.
/// I3  Nothing of a group is started before all of the group have stopped.
/// I4  No more than `intensity` restarts in any `period_ms` (of all children together,
///     or of each if the rules say so); the one beyond ends the supervisor instead, with
///     `escalate`.
/// I5  After `stopped` or `escalate` there are no more effects, and each child
///     that was started has stopped or was abandoned.
/// I6  A child has at most one actor at a time: `start` is never emitted for one
///     that has not stopped since the last `start`.
///
/// Deviation from OTP: a child whose first start fails is restarted like any
/// other crash, rather than failing the supervisor at once; and asking for the
/// removal of one child doesn't hold up the others.
///
/// Not thread-safe. Costs: log n per event, plus the group's size at a group
/// restart.
class restart_machine {
public:
  /// Ids must differ; checked.
  restart_machine(supervisor_rules rules, std::vector<child_rules> children);

  restart::effects step(const restart::event& what);

  /// When `time_passed` is due; empty while nothing is timed.
  std::optional<time_ms> wakes_at() const;

  enum class child_phase : std::uint8_t {
    pending,
    starting,
    running,
    stopping,
    killing,
    idle,
  };

  bool has(const std::string& id) const { return by_id_.contains(id); }
  /// Empty if there is no such child.
  std::optional<child_phase> phase_of(const std::string& id) const;
  /// Ids in start order.
  std::vector<std::string> children() const;
  /// All that is to run runs, and nothing is to stop.
  bool settled() const;
  bool ending() const { return phase_ != phase::active; }
  bool over() const { return phase_ == phase::over; }
  const supervisor_rules& rules() const { return rules_; }

private:
  enum class phase : std::uint8_t { unborn, active, ending, over };
  struct child {
    child_rules rules;
    child_phase phase = child_phase::pending;
    /// Joined a one_for_one supervisor at run time: its order means nothing.
    bool independent = false;
    /// Removed: forgotten once it has stopped, rather than started again.
    bool removed = false;
    /// When the kill, or the abandoning, is due.
    std::optional<time_ms> deadline;
    /// Within the period, oldest first, if they are counted for each child.
    std::vector<time_ms> restarts;
  };
  /// Start order: the key rises with each child that joins.
  using key = std::uint64_t;
  using child_map = std::map<key, child>;
  using place = child_map::iterator;

  void on(const restart::start_requested&);
  void on(const restart::child_started&);
  void on(const restart::child_stopped&);
  void on(const restart::add_child&);
  void on(const restart::remove_child&);
  void on(const restart::stop_requested&);
  void on(const restart::time_passed&);

  void on_crash(place crashed, const std::string& why);
  void on_gone_as_asked(place gone);
  bool spend_restart(child& crashed);

  void become_starting(place who);
  void become_stopping(place who);
  void become_killing(place who);
  void become_ending(std::optional<std::string> escalation);
  void condemn_group(place first);
  void forget(place who);

  void advance();
  void advance_stops();
  void advance_starts();

  place find(const std::string& id);
  place insert(child_rules rules);
  void set_deadline(place who, std::optional<time_ms> when);
  void check_invariants() const;

  supervisor_rules rules_;
  phase phase_ = phase::unborn;
  child_map children_;
  std::unordered_map<std::string, key> by_id_;
  key next_key_ = 0;

  // The work left, so that a supervisor of ten thousand sessions doesn't look at
  // all of them at each event.
  std::set<key> to_start_;      ///< in order (I1): pending, and the one starting
  std::set<key> to_stop_;       ///< in order (I2): alive, asked or not
  std::set<key> stop_together_; ///< alive and asked, in no order
  std::set<std::pair<time_ms, key>> deadlines_;

  std::vector<time_ms> restarts_; ///< within the period, oldest first
  std::optional<std::string> escalation_;
  time_ms now_ = 0;
  restart::effects out_;
};

} // namespace present::supervision
