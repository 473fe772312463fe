#pragma once

#include "actors/transaction/two_phase_machine.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

/// All transactions that one node coordinates: those of whose homes it has the leader,
/// and those that have left locks with a leader here.
///
///   home's leader ──coordinated──▶ run of T ──ask_home──▶ home's leader (its log)
///        ▲                           │  └────ask_cluster─▶ the others, by a key of theirs
///        └──────tell_asker───────────┘
///
/// Invariants
/// N1  A run belongs to one leadership (partition, term): what it asks of its own partition
///     is proposed in that term or not at all (P16). With the leadership its runs are given
///     up, as is one that is refused for it, and their askers hear nothing: whoever leads
///     next knows more, and what these would still prepare nobody could decide.
/// N2  There is at most one run of a transaction for a partition: whoever asks for it again
///     waits for the same one.
/// N3  Each asker is told at most once.
namespace present::transaction {

/// Where a run comes from.
struct leadership {
  partition_id partition;
  term at_term;
  friend auto operator<=>(const leadership&, const leadership&) = default;
};

/// Who waits for an answer, in the words of its partition.
struct asker {
  std::uint64_t tag = 0;
  std::uint32_t place = 0;
};

// -- what the machine hears ----------------------------------------------------------

/// From a leader.
struct to_coordinate {
  leadership from;
  std::variant<begun, drive, doubt> what;
  asker who; ///< of `begun`
};
/// To `ask_home` or `ask_cluster`.
struct asked_answered {
  std::uint64_t ticket = 0;
  answer what;
};
struct asked_lost {
  std::uint64_t ticket = 0;
};
/// This node doesn't lead it any more, or not in that term.
struct leadership_over {
  leadership which;
};
/// The partition's actor on this node has ended.
struct partition_gone {
  partition_id partition;
};

using coordinator_event_kind
  = std::variant<to_coordinate, asked_answered, asked_lost, leadership_over, partition_gone,
                 time_passed>;
struct coordinator_event {
  time_ms now = 0;
  coordinator_event_kind what;
};

// -- what the machine asks for -------------------------------------------------------

/// Of the leadership itself, on this node. Each is followed by `asked_answered` or
/// `asked_lost`; so is `ask_cluster`.
struct ask_home {
  std::uint64_t ticket = 0;
  leadership whom;
  operation what;
  haste hurry = haste::now;
  bool may_join = false;
};
/// Of whoever leads the partition that has the key.
struct ask_cluster {
  std::uint64_t ticket = 0;
  anchor where;
  operation what;
  haste hurry = haste::now;
  bool may_join = false;
};
struct tell_asker {
  leadership whom;
  asker who;
  answer what;
};

using coordinator_effect = std::variant<ask_home, ask_cluster, tell_asker>;
using coordinator_effects = std::vector<coordinator_effect>;

/// Not thread-safe.
class coordinator_machine {
public:
  explicit coordinator_machine(const settings& options) : options_(options) {}

  void step(coordinator_event input, coordinator_effects& out);

  /// When `time_passed` is wanted next.
  std::optional<time_ms> next_wake() const;
  std::size_t runs() const { return runs_.size(); }

private:
  using run_name = std::pair<partition_id, operation_id>;
  struct run;
  using alarms = std::multimap<time_ms, run*>;
  struct run {
    run(const run_name& named, const settings& options) : name(named), machine(options) {}

    const run_name name;
    two_phase_machine machine;
    leadership of;
    anchor here; ///< what is asked there is asked of the leadership itself
    std::vector<asker> askers;
    std::optional<answer> told;
    std::vector<std::uint64_t> tickets; ///< ours; of each partition one is open at most
    std::optional<alarms::iterator> alarm; ///< hundreds begin, and so wake, in one moment
  };
  struct asked_ticket {
    run* by = nullptr;
    std::uint64_t of_machine = 0;
    bool of_home = false;
  };

  void on(const coordinator_event& input, to_coordinate& what, coordinator_effects& out);
  void on(const coordinator_event& input, asked_answered& what, coordinator_effects& out);
  void on(const coordinator_event& input, const asked_lost& what, coordinator_effects& out);
  void on(const coordinator_event& input, const leadership_over& what, coordinator_effects& out);
  void on(const coordinator_event& input, const partition_gone& what, coordinator_effects& out);
  void on(const coordinator_event& input, const time_passed& what, coordinator_effects& out);

  bool join(run& there, const to_coordinate& what, coordinator_effects& out);
  std::optional<asked_ticket> take(std::uint64_t ticket);
  void hear(run& its, event input, coordinator_effects& out);
  void carry_out(run& its, effect& what, coordinator_effects& out);
  void give_up(run& gone);
  /// Those of a partition, up to that term.
  void give_up_all(const leadership& until);
  void arm(run& its);
  void disarm(run& its);

  const settings options_;
  std::uint64_t last_seed_ = 0;
  std::map<run_name, run> runs_; ///< what else points to them ends with them
  std::unordered_map<std::uint64_t, asked_ticket> tickets_;
  std::uint64_t last_ticket_ = 0;
  alarms alarms_;
};

} // namespace present::transaction
