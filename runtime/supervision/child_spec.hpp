#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Supervision in the words of OTP (Armstrong, "Making reliable distributed
/// systems in the presence of software errors", 2003), as plain data.
namespace present::supervision {

class starter;       // starter.hpp
class started_child; // starter.hpp

enum class restart_kind : std::uint8_t {
  permanent, ///< always started again
  transient, ///< started again only after a crash
  temporary, ///< never started again, and forgotten when it stops
};

/// What else is stopped and started again when one child crashes.
enum class strategy : std::uint8_t {
  one_for_one,  ///< nothing: the children don't depend on each other
  rest_for_one, ///< those after it: each may depend on those before it
  one_for_all,  ///< all: they depend on each other
};

/// `shutdown_ms` of a child that is waited for as long as it takes.
inline constexpr std::uint32_t wait_for_ever = UINT32_MAX;

/// What `restart_machine` needs to know of a child.
struct child_rules {
  /// Unique among the children of one supervisor.
  std::string id;
  restart_kind restart = restart_kind::permanent;
  /// From the request to stop until the kill; 0 kills at once.
  std::uint32_t shutdown_ms = 5000;

  friend bool operator==(const child_rules&, const child_rules&) = default;
};

/// What `restart_machine` needs to know of its supervisor.
struct supervisor_rules {
  strategy how = strategy::one_for_one;
  /// More restarts than `intensity` within `period_ms` escalate: the supervisor
  /// stops its children and crashes in its turn.
  std::uint32_t intensity = 3;
  std::uint32_t period_ms = 5000;
  /// How long after a kill a child that is stuck in its own code is waited for
  /// before it is given up. Its late writes are refused by their term (A1).
  std::uint32_t abandon_ms = 1000;
  /// The intensity is that of each child by itself: many children of one kind that
  /// fail at once, each for its own reason, are no crash storm; one that fails again
  /// and again is. Deviates from OTP, where it is the supervisor's.
  bool intensity_is_each_childs = false;

  friend bool operator==(const supervisor_rules&,
                         const supervisor_rules&) = default;
};

/// Starts the child's actor, anew at each restart: it rebuilds from disk, never
/// from memory. May throw; that counts as a crash of the child.
///
///     [=](starter& s) { return s.start<journal_actor>(settings); }
using start_function = std::function<started_child(starter&)>;

/// A child of a supervisor.
struct child_spec {
  std::string id;
  /// What sort of actor it is ("journal", "session"): metrics are kept per kind.
  std::string kind;
  restart_kind restart = restart_kind::permanent;
  std::uint32_t shutdown_ms = 5000;
  start_function start;

  child_rules rules() const { return {id, restart, shutdown_ms}; }
};

/// A supervisor and its children in start order. Nested as a child of another
/// with `as_child` (supervisor_actor.hpp).
struct supervisor_spec {
  std::string id;
  supervisor_rules rules;
  std::vector<child_spec> children;
};

std::string_view to_string(restart_kind kind);
std::string_view to_string(strategy how);

} // namespace present::supervision
