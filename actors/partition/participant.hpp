#pragma once

#include "actors/partition/end_book.hpp"
#include "actors/partition/lock_table.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/operation.hpp"
#include "actors/partition/step_rules.hpp"
#include "storage/state.hpp"

#include <optional>
#include <set>
#include <vector>

/// A partition's half of transactions that reach over several: what has prepared here,
/// and how such transactions ended. Part of the replicated state: it changes by what
/// is applied. It lives in memory; `write_back` puts it into the table as records, so
/// that checkpoints and snapshots have it: most of it has come and gone by then.
///
///                 prepare                    resolve(committed)
///      nothing ──────────────▶ prepared ───────────────────────▶ committed ─┐ its
///         │                        │      resolve(aborted)                  │ deadline,
///         │ push, resolve(aborted),└────────────────────────▶ aborted ──────┤ and all
///         │ a decide that can't be           ▲                              ▼ have it
///         ├──────────────────────────────────┘                          forgotten
///         └─ home: decide ─────────────────────────────▶ committed
///
/// Invariants
/// B1  What was decided stays: the first to say so at home wins (P7).
/// B2  Nothing that has prepared fails: types, limits and what was read were checked
///     under its locks (P10); resolving it only writes, or drops, what was worked out.
/// B3  A lock goes with the resolution, and with nothing else (P8).
/// B4  An entry stamped later than a transaction's deadline neither prepares nor
///     decides it; so its end may be forgotten then, at home only once all others have
///     it (P9).
/// B5  What is written has home's stamp, which is above the stamps of all that
///     prepared, and the entry that resolves is stamped above it (P2, P22).
/// B6  Two attempts at one transaction that have different deadlines have nothing to do
///     with each other: whoever asks under a name again (P4) may have another one.
///
/// Answers: `ok` with the stamp; `transaction_conflict` with its holder if a lock is in
/// the way, which isn't remembered, or without one if it is over. Not thread-safe.
namespace present::partition {

class participant {
public:
  /// Goes on from the records in `table`. It and `rules` outlive it.
  participant(storage::state& table, const space_rules& rules);

  /// `fence`: it comes under this one, which has been judged, and locks it; null: none.
  answer apply(const prepare& asked, hlc_stamp stamp, const lock_fence* fence = nullptr);
  /// Of home. What it answers is to be remembered, unless `delay_of` has said to wait.
  answer apply(const decide& asked, hlc_stamp stamp);
  /// `owns(space, key)`: writes to what this partition has no more are dropped.
  template <class Owns>
  answer apply(const resolve& asked, hlc_stamp stamp, Owns owns);
  template <class Owns>
  answer apply(const aftermath& asked, hlc_stamp stamp, Owns owns);
  /// Of home: what comes under that fence isn't decided, but over.
  void refuse(const decide& asked, hlc_stamp stamp);
  answer apply(const push& asked, hlc_stamp stamp);
  answer apply(const forget& asked, hlc_stamp stamp);

  /// Makes the table's records what is known here. Call before it is frozen.
  void write_back();

  /// Why the decision can't be tried by this entry, but by a later one.
  std::optional<answer> delay_of(const decide& asked, hlc_stamp stamp) const;

  const lock_table& locks() const { return locks_; }
  std::vector<storage::key_name> take_fences_left() { return locks_.take_fences_left(); }
  /// What its client can still be told of it; empty: it hasn't ended, as far as is known.
  std::optional<answer> answer_of_end(const operation_id& transaction) const;
  /// Null: it hasn't, as far as is known. Good until something is collected.
  const known_end* ended(const operation_id& transaction) const {
    return ends_.find(transaction);
  }
  /// Home's: committed, and somebody may not know it yet.
  std::vector<storage::decision_record> undriven() const { return ends_.undriven(); }
  bool has_undriven() const { return ends_.has_undriven(); }

  /// Forgets ends that `latest` has passed, a bounded number.
  void collect(hlc_stamp latest);

private:
  void install(const storage::intended_write& what, hlc_stamp version);
  void restore();

  storage::state& table_;
  const space_rules& rules_;
  lock_table locks_;
  std::set<operation_id> stored_locks_; ///< of `locks_`, whose records the table has
  end_book ends_;
  std::vector<storage::record_key> gone_; ///< records in the table of what is no more
};

/// Of the branch that is taken. One that doesn't compare has one.
const std::vector<storage::intended_write>& writes_of(const storage::prepared_record& lock,
                                                      bool otherwise);

/// Of a plain operation that meets a lock (P11).
answer locked_answer(lock_table::holder by);

template <class Owns>
answer participant::apply(const resolve& asked, hlc_stamp stamp, Owns owns) {
  const auto* lock = locks_.find(asked.transaction);
  const bool is_of_it = lock && lock->deadline == asked.deadline; // B6
  if (asked.committed && is_of_it && stamp <= asked.stamp)
    return locked_answer(lock); // B5: a later entry will do
  const auto done = is_of_it ? locks_.take(asked.transaction) : std::nullopt;
  if (done) {
    if (stored_locks_.erase(asked.transaction) > 0)
      gone_.push_back(storage::record_key::prepared(done->client, done->number));
    for (const auto& write : writes_of(*done, asked.otherwise))
      if (asked.committed && owns(write.where.space, write.where.key))
        install(write, asked.stamp);
  }
  if (!(lock && !is_of_it) && (done || !asked.committed))
    ends_.add({asked.transaction.client, asked.transaction.number, asked.committed,
               asked.stamp, asked.deadline, {}, asked.otherwise});
  answer given;
  given.version = asked.stamp;
  return given;
}

template <class Owns>
answer participant::apply(const aftermath& asked, hlc_stamp stamp, Owns owns) {
  answer given;
  given.version = stamp;
  for (const auto& one : asked.resolved)
    if (mutated(mutant::drop_joined) && &one != asked.resolved.data())
      break;
    else if (auto said = apply(one, stamp, owns); said.code != error_code::ok)
      given = std::move(said);
  for (const auto& one : asked.known)
    apply(one, stamp);
  return given;
}

} // namespace present::partition
