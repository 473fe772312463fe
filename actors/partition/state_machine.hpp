#pragma once

#include "actors/partition/catalog.hpp"
#include "actors/partition/lock_book.hpp"
#include "actors/partition/contested_write.hpp"
#include "actors/partition/operation.hpp"
#include "actors/partition/participant.hpp"
#include "actors/partition/session_table.hpp"
#include "actors/partition/value_history.hpp"
#include "storage/state.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace present::partition {

/// What all replicas of a partition agree on: the values, sessions and, in the
/// root, the catalog that follow from the log, and nothing else. It knows neither
/// time nor role.
///
/// Invariants
/// A1  What `apply` does depends on the entry and the state alone (P1), so that
///     machines which applied the same entries are equal, also if one of them was
///     written back and restored on the way.
/// A2  Stamps rise from entry to entry; an entry that breaks this is not applied.
/// A3  An operation takes effect at most once, whatever it is asked (P4).
/// A4  What is removed is removed by the log, a bounded amount per entry (P3).
/// A5  A key is read and written only by the partition that owns it by the last
///     share in its log (P1). What isn't owned is answered `wrong_partition` and
///     not remembered: the same operation may be applied once it is.
/// A6  What a transaction has locked is neither read nor written by others (P11):
///     whoever would is answered `transaction_conflict` with its holder, which isn't
///     remembered. Stale reads alone see what was there before.
/// A7  What comes under a fence is applied only if that is still good then (P14). What has
///     prepared under one is waited for (P10): who brings a later token is answered, and
///     who has been granted the lock hears of it, when that is resolved.
///
/// A8  What becomes of a write that knew something, or whose space has rules, is as
///     contested_write.hpp says; what waits for somebody is a record of its key's
///     partition until it is settled.
///
/// A state that can't be read throws (sound_state.hpp): the replica stops, and is
/// rebuilt (rule 14).
/// Not thread-safe: owned by one partition. `table` outlives it.
class state_machine {
public:
  /// Rebuilds share, sessions and catalog from what `table` holds.
  state_machine(partition_id id, const session_limits& limits,
                storage::state& table);

  /// The answers, one per operation in their order.
  std::vector<answer> apply(const entry_batch& batch);

  answer read(const get& asked) const;
  answer read(const scan& asked) const;
  answer read(const keep_lock& asked) const;
  answer read(const read_lock& asked) const;
  /// One that changes nothing.
  answer read(const transact& asked) const;

  /// What is known already of an operation that isn't in the log: what its session was
  /// answered, or how its transaction ended. Says nothing before all of the log is
  /// applied (P16).
  std::optional<answer> answer_before(const operation& asked) const;
  /// Some of its keys are another partition's.
  bool reaches_others(const transact& asked) const { return !catalog_ && !owns_all(asked); }

  /// Highest stamp applied.
  hlc_stamp latest() const { return latest_; }
  /// Of the map that the partition's share is from; the root's is the map's own.
  map_epoch epoch() const;
  const session_table& sessions() const { return sessions_; }
  /// Transactions over several partitions, and their locks.
  const participant& transactions() const { return participant_; }
  const lock_book& locks() const { return locks_; }
  /// Also of locks on which nobody relies any more: who has one may begin (A7).
  std::vector<lock_book::change> take_lock_changes();
  /// The root's; null in other partitions.
  const catalog* root_catalog() const { return catalog_ ? &*catalog_ : nullptr; }
  /// In order of (space, first).
  const std::vector<storage::key_range>& owned() const { return owned_; }
  /// How the values of spaces are kept, of those of which that isn't as by default; rising.
  const space_rules& spaces() const { return spaces_; }
  /// Null: as by default.
  const storage::space_settings* settings_of(space_id space) const;

  bool has_part_of(space_id space) const;

  /// Some keys of spaces that are no more owned are still to go: each entry takes
  /// a part of them along, also one without operations.
  bool is_collecting() const { return !leaving_.empty(); }

  /// Puts what lives outside the table (sessions) into it: call before
  /// `table.freeze()`, so that one checkpoint holds all of the state.
  void write_back();

private:
  void apply_command(const own_command& what, hlc_stamp stamp);
  void adopt(const adopt_share& what);
  answer apply_write(const operation& asked, hlc_stamp stamp);
  answer apply_push(const push& asked, hlc_stamp stamp);
  std::optional<answer> apply_between(const operation& asked, hlc_stamp stamp);
  answer apply_fresh(const operation& asked, hlc_stamp stamp);
  answer apply_claim(const acquire_lock& asked, client_id by, hlc_stamp stamp);
  answer apply_what(const put& asked, hlc_stamp stamp);
  answer apply_what(const remove_key& asked, hlc_stamp stamp);
  answer apply_what(const transact& asked, hlc_stamp stamp);
  answer apply_what(const decide& asked, hlc_stamp stamp);
  answer apply_what(const release_lock& asked, hlc_stamp stamp) { return locks_.apply(asked, stamp); }
  answer apply_what(const raise_fence& asked, hlc_stamp stamp);
  std::optional<answer> refusal_by_fence(const operation& asked, hlc_stamp stamp);
  std::optional<answer> delay_by_fence(const operation& asked) const;
  answer apply_prepare(const operation& asked, const prepare& what, hlc_stamp stamp);
  answer apply_what(const settle_escalation& asked, hlc_stamp stamp);
  answer contest(space_id space, const condition& when, const contested_write& asked);
  answer carry_out(space_id space, std::string_view key, settled_write done);
  std::optional<answer> delay_of(const operation& asked, hlc_stamp stamp) const;
  std::optional<answer> delay_of(const acquire_lock& asked, client_id by, hlc_stamp stamp) const;
  const storage::key_range* range_of(space_id space, std::string_view key) const;
  bool owns_all(space_id space, const std::string& first, const std::string& last) const;
  bool owns_all(const transact& asked) const;
  bool is_mine(const operation& asked) const;
  std::optional<answer> refusal_unremembered(const operation& asked) const;
  // reads at a stamp, in state_machine_past.cpp
  answer read_past(const get& asked) const;
  answer read_past(const scan& asked) const;
  lock_table::holder undecided_at(hlc_stamp at, space_id space, const std::string& first,
                                  const std::string& last) const;
  void collect_leaving_space();
  void keep_versions();
  std::optional<answer> keep_escalated(space_id space, std::string_view key,
                                       storage::escalated_write what);
  answer read_escalated(const scan& asked) const;
  void restore();
  void restore_session(const storage::session_record& record);

  const partition_id id_;
  storage::state& table_;
  std::unique_ptr<value_history> history_; ///< always there; the table knows where
  hlc_stamp latest_;
  std::uint16_t entry_version_ = 0; ///< of the entry that is applied
  session_table sessions_;
  participant participant_;
  lock_book locks_;
  std::optional<catalog> catalog_; ///< the root's
  std::vector<storage::key_range> owned_;
  space_rules spaces_;
  std::set<space_id> leaving_;
  map_epoch share_epoch_;
  /// The highest that the log has needed: the same whichever program applies it (P24). Of
  /// those before it each program has written its own.
  std::uint16_t machine_version_ = entry_batch::version_before_departures;
};

} // namespace present::partition
