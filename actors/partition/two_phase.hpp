#pragma once

#include "actors/partition/transact.hpp"
#include "storage/record.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What the partitions of a transaction ask of each other: operations of nodes, in
/// the log like any other, and each the same done twice as once. A transaction is
/// named by the operation that a client asked for; *home* is the partition that
/// decides it, one of those it touches.
///
///     others            prepare ─▶ locked, at its stamp          (in parallel)
///                                  both branches, of one that compares
///     home              decide  ─▶ own part applied, decided, answered: one entry
///     others            resolve ─▶ applied or dropped; unlocked  (until each has it)
///     home              forget  ─▶ that one needs the decision no more
///     whoever waits     push    ─▶ home: decided, or aborted by this
///
/// Under a lock (operation::fence) each that prepares judges the fence, and home does so
/// with its decision. What has prepared holds it shared (P10): whoever has the lock next
/// begins when that is resolved, in each partition that knows the lock (P14).
namespace present {

/// Names a partition by a key that it has, so that a split orphans nothing (P9).
struct anchor {
  space_id space;
  std::string key;
  friend auto operator<=>(const anchor&, const anchor&) = default;
};

/// What all parts of a transaction agree on.
struct transaction_terms {
  operation_id id;
  anchor home;
  hlc_stamp start; ///< of its first try: who is older waits, who is younger dies (P13)
  /// An entry stamped later neither prepares nor decides it (P9).
  hlc_stamp deadline;
  friend bool operator==(const transaction_terms&, const transaction_terms&) = default;
};

/// Check `part`, lock what it read and compares (shared) and writes (exclusive), and keep
/// what it will write. If the transaction compares anywhere, that is both branches: which
/// of them is taken is known when all comparisons are, and home's are judged last. So what
/// each partition is asked depends on the operation alone, and whoever coordinates it once
/// more asks for the same.
struct prepare {
  transaction_terms terms;
  transact part;
  bool compares = false;
  friend bool operator==(const prepare&, const prepare&) = default;
};

struct prepared_part {
  anchor where;
  hlc_stamp stamp; ///< of its entry: the decision's is above it (P22)
  friend bool operator==(const prepared_part&, const prepared_part&) = default;
};
/// In results gathered before the decision: its stamp, which nobody knows yet (P22).
inline constexpr hlc_stamp decisions_stamp{~std::uint64_t{0}};

/// What the steps of all parts but home's came to, as they prepared: the client's answer
/// is made of these and of what home's own part comes to.
struct results_elsewhere {
  std::uint32_t steps = 0;           ///< of the whole transaction
  std::vector<std::uint32_t> places; ///< of home's steps among them, rising
  storage::step_results steps_there; ///< of the others, in their order; null: all wrote
  storage::branch_problem problem;   ///< one of them can't do it
  friend bool operator==(const results_elsewhere& a, const results_elsewhere& b) {
    return a.steps == b.steps && a.places == b.places && a.problem == b.problem
           && storage::same_results(a.steps_there, b.steps_there);
  }
};

/// Home's one entry: `part` is checked and applied, the transaction decided, and its
/// client's answer remembered, or none of it (P6, P7).
struct decide {
  transaction_terms terms;
  transact part;
  std::vector<prepared_part> others;
  results_elsewhere elsewhere;
  bool fails = false;          ///< a comparison elsewhere does: `otherwise` is taken
  results_elsewhere otherwise; ///< of that branch
  friend bool operator==(const decide&, const decide&) = default;
};

/// What home decided, told to one that has prepared.
struct resolve {
  operation_id transaction;
  bool committed = false;
  hlc_stamp stamp;    ///< of the decision
  hlc_stamp deadline; ///< the transaction's
  bool otherwise = false; ///< of its branches the second is taken
  friend bool operator==(const resolve&, const resolve&) = default;
};

/// To home: say what was decided; if nothing was, it is aborted by this (P8).
struct push {
  operation_id transaction;
  anchor home;
  hlc_stamp deadline;
  friend bool operator==(const push&, const push&) = default;
};

/// To home: the one at `where` has resolved it.
struct forget {
  operation_id transaction;
  anchor where;
  friend bool operator==(const forget&, const forget&) = default;
};

/// What is left to do in one partition of several transactions that are decided, as one
/// operation: nobody waits for one of them alone. Refused if one of them is, by the answer
/// of that one; then the others are done all the same, and all may come again.
struct aftermath {
  std::vector<resolve> resolved;
  std::vector<forget> known; ///< of home: by those whose place each has
  friend bool operator==(const aftermath&, const aftermath&) = default;
};

/// Who has locked what somebody else wants.
struct lock_holder {
  transaction_terms terms;
  friend bool operator==(const lock_holder&, const lock_holder&) = default;
};

} // namespace present
