#pragma once

#include "actors/client/pacing.hpp"
#include "actors/partition/operation.hpp"
#include "actors/partition/transaction_plan.hpp"
#include "storage/record.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// How one transaction over several partitions ends: what its coordinator asks of them,
/// and what it makes of their answers. It keeps nothing: all that must not be lost is
/// in the partitions' logs, and whoever comes after it goes on from there.
///
///   ┌───────────┐ all others have prepared ┌──────────┐ home: committed ┌───────────┐ each has
///   │ preparing │─────────────────────────▶│ deciding │────────────────▶│ resolving │─ it ─▶ done
///   └───────────┘                          └──────────┘  or aborted     └───────────┘
///        │ refused, younger than a lock's holder │ younger, or home         ▲   ▲ `drive`: home's
///        │ (P13), or 10 s over                   │ can't say any more       │   │ record of one
///        └──────────────┐          ┌─────────────┘                          │
///                       ▼          ▼                                        │
///   `doubt`: a lock ┌──────────┐  pushed: home says how it ended (P8)       │
///   past its ──────▶│ pushing  │────────────────────────────────────────────┘
///   deadline        └──────────┘
///
/// Invariants
/// C1  Home is asked to decide only when all others have prepared (P7).
/// C2  Nobody is told an outcome, neither the client nor another partition, before home
///     has said it: the answer to `decide` or to `push` (P6, P7).
/// C3  The client is answered exactly once; `unknown_outcome` if home hasn't said it
///     5 s after it was asked. What is under way is driven on all the same (P8).
/// C4  It is done only when all others have resolved it and home knows that (P9).
/// C5  What meets a lock waits if its transaction is older than the lock's, or holds
///     nothing itself that others could wait for; else it is pushed to its end (P13): so
///     nobody waits in a circle.
/// C6  Which branch of one that compares is taken, home says with its decision; all that
///     prepared are told the same. What they prepared depends on the operation alone, so
///     it doesn't matter which coordinator asked them (P7).
/// C7  One under a lock takes its fence to all that prepare and to home, and if one of them
///     refuses it, it is over: `fenced` (P14).
/// C8  An attempt at what has a name commits only if home has no answer under the name: with
///     its decision home remembers that (P4, P6). What it hears of another attempt's end is
///     the client's answer, and home says how this one ends, as of any other.
namespace present::transaction {

struct settings {
  std::uint64_t seed = 0;
  std::uint32_t prepare_ms = 10'000;
  std::uint32_t decide_ms = 5'000;
  std::uint32_t backoff_base_ms = 10;
  std::uint32_t backoff_cap_ms = 1'000;
};

// -- what the machine hears ----------------------------------------------------------

/// From home's leader: a client's transaction that reaches over several partitions.
using begun = transaction_plan;
/// From home's new leader: it was decided, and somebody may not know it yet.
struct drive {
  transaction_terms terms;
  storage::decision_record decision;
};
/// From the leader of a partition with a lock whose deadline has passed.
struct doubt {
  transaction_terms terms;
  anchor where;
};
struct answered {
  std::uint64_t ticket = 0;
  answer what;
};
/// No answer will come; it may have been applied.
struct lost {
  std::uint64_t ticket = 0;
};
struct time_passed {};

using event_kind = std::variant<begun, drive, doubt, answered, lost, time_passed>;

struct event {
  time_ms now = 0;
  event_kind what;
};

// -- what the machine asks for -------------------------------------------------------

/// How long something may wait for others that go the same way: somebody waits for its
/// answer; or for the locks that it lets go of; or nobody does.
enum class haste : std::uint8_t { now, soon, none };

/// `what` of the partition that has the key `where`. Each is followed by `answered` or
/// `lost`.
struct ask {
  std::uint64_t ticket = 0;
  anchor where;
  operation what;
  haste hurry = haste::now;
  /// It may be one operation with others (`aftermath`). Not what has gone in vain before:
  /// what stands in its way stood in theirs.
  bool may_join = false;
};
/// The client's answer, of the transaction as a whole.
struct answer_client {
  answer what;
};
/// Nothing is left to do.
struct finished {};

using effect = std::variant<ask, answer_client, finished>;
using effects = std::vector<effect>;

/// Not thread-safe. One for each transaction; its first event is one of `begun`,
/// `drive`, `doubt`.
class two_phase_machine {
public:
  explicit two_phase_machine(const settings& options);

  void step(event input, effects& out);

  /// When `time_passed` is wanted next.
  std::optional<time_ms> next_wake() const;
  bool is_done() const { return std::holds_alternative<done>(phase_); }

private:
  /// One thing that is asked until it is answered for good.
  struct errand {
    explicit errand(anchor at) : where(std::move(at)) {}
    errand() = default;

    anchor where;
    std::uint64_t ticket = 0;         ///< 0: not under way
    std::optional<time_ms> again_at;  ///< after a pause
    std::uint32_t tries = 0;
    bool is_done = false;
  };
  struct preparation {
    errand its;
    hlc_stamp stamp;
    storage::step_results steps;
    std::shared_ptr<const storage::other_branch> branch;
  };

  struct idle {};
  struct preparing {
    std::vector<preparation> others;
    time_ms until = 0;
  };
  struct deciding {
    errand its;
    decide what; ///< of home
    time_ms client_waits_until = 0;
  };
  /// Home remembers the answer of an attempt that bears the same name, of this one perhaps.
  struct known_by_name {
    answer said;
  };
  using reason = std::variant<error, known_by_name>;
  struct pushing {
    errand its;
    reason why; ///< what the client is told, of an error if it is aborted
  };
  /// As home has said.
  struct ending {
    bool committed = false;
    hlc_stamp stamp;
    bool otherwise = false; ///< of two branches the second is taken
  };
  struct resolving {
    ending how;
    std::vector<errand> others;
    std::vector<errand> to_forget; ///< home is told of each that has it
  };
  struct done {};

  void on(const event& input, begun& what, effects& out);
  void on(const event& input, const drive& what, effects& out);
  void on(const event& input, const doubt& what, effects& out);
  void on(const event& input, const answered& what, effects& out);
  void on(const event& input, const lost& what, effects& out);
  void on(const event& input, const time_passed& what, effects& out);

  // what an answer means
  void on_prepared(const event& input, preparation& of, const answer& said, effects& out);
  void on_decided(const event& input, deciding& phase, const answer& said, effects& out);
  void on_pushed(const event& input, pushing& phase, const answer& said, effects& out);
  void on_resolved(const event& input, resolving& phase, errand& of, const answer& said,
                   effects& out);

  void become_deciding(const event& input, effects& out);
  void become_pushing(reason why, effects& out);
  void become_resolving(const ending& how, effects& out);
  void become_done(effects& out);

  std::vector<errand*> errands();
  errand* find(std::uint64_t ticket);
  void send(errand& what, effects& out);
  operation operation_of(const errand& what) const;
  void pause(const event& input, errand& what);
  void wait_for_lock(const event& input, errand& what);
  bool may_wait_for(const lock_holder& other) const;
  bool outranks(const lock_holder& other) const;
  bool is_attempt() const;
  void tell(answer what, effects& out);
  void check_invariants() const;

  settings options_;
  client::pacing pacing_;
  std::variant<idle, preparing, deciding, pushing, resolving, done> phase_;
  transaction_terms terms_;
  begun plan_; ///< of one that was begun here
  std::vector<anchor> others_;
  bool client_waits_ = false;
  std::uint64_t last_ticket_ = 0;
};

} // namespace present::transaction
