#pragma once

#include "actors/partition/operation.hpp"
#include "storage/state.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

/// The locks of a partition, and the tokens of others that have come here. Part of the
/// replicated state: it changes by what is applied, and lives in the table as records.
/// It knows no time: that a claim wasn't kept alive is something a leader says in the
/// log (`lease_clock` is where it finds out).
///
///                    acquire             ┌────────────── acquire, wait ──┐
///      free ──────────────────────▶ held by A ◀──────────────────────▶ held by A,
///       ▲                             │                                B, C … wait
///       │  release(A), expire(A)      │                                   │ release(A),
///       └─────────────────────────────┘       held by B, C … wait ◀───────┘ expire(A)
///
/// Invariants
/// L1  At most one claim holds a lock, and each grant has a token: the stamp of the
///     entry that granted it, so tokens of a lock rise and none comes twice.
/// L2  First come, first served: a grant goes to who waited the longest, and a claim
///     keeps its place whatever it is asked again.
/// L3  A write with a fence is applied only under the token of the lock's present grant
///     if the lock is this partition's: from the entry on that ends a grant, nothing
///     of it is applied any more. Elsewhere, only under a token that isn't below any
///     that has come here for that lock (Kleppmann 2016): what comes with an old one
///     after `raise_fence` or any write of a newer holder is refused (P14).
/// L4  What is forgotten of others' tokens leaves its mark: tokens of locks that aren't
///     known are refused if they are not above all that were forgotten.
/// L5  Expiry is conditional: a claim that isn't there any more expires nothing, and
///     a grant is never cut short by what was said of another.
/// L6  A session's claims end with it, all in one entry, which grants each lock once; a
///     session that has ended takes none any more. Claims of other sessions, and of none,
///     keep their places, also in the same locks. One that is claimed again is of the
///     session that did so last.
///
/// Burrows: The Chubby lock service, 2006 (sequencers); Gray, Cheriton: Leases, 1989.
/// Answers as in locks.hpp. Not thread-safe; `table` outlives it.
namespace present::partition {

class lock_book {
public:
  /// Tokens of other partitions' locks that are remembered; about 500 bytes each.
  static constexpr std::size_t max_fences = 20'000;
  /// How far a token may be ahead of the entry that brings it: both are stamps of
  /// leaders within the bound of the same median (P21).
  static constexpr std::uint64_t max_token_lead_ms = 2 * hybrid_clock::default_max_offset_ms;

  /// Goes on from the records in `table`.
  explicit lock_book(storage::state& table, std::size_t fences = max_fences);

  /// `by`: the client, with whose session the claim goes if it is to.
  answer apply(const acquire_lock& asked, client_id by, hlc_stamp stamp);
  answer apply(const release_lock& asked, hlc_stamp stamp);
  void apply(const expire_claims& what, hlc_stamp stamp);
  /// Its session is over (L6).
  void end_session(client_id of, hlc_stamp stamp);

  /// Why a claim can't be taken now, but later: this isn't remembered.
  std::optional<answer> delay_of(const acquire_lock& asked, client_id by) const;

  /// Why what comes under this fence isn't applied; empty if it may be (L3).
  /// `is_here`: the lock is this partition's.
  std::optional<answer> pass(const lock_fence& fence, bool is_here, hlc_stamp stamp);

  /// Of a claim in the queue.
  static answer waiting_answer();
  answer read(const keep_lock& asked) const;
  answer read(const read_lock& asked) const;

  /// Null: it is free. Valid until the next change.
  const storage::lock_record* find(const storage::key_name& lock) const;
  const std::map<storage::key_name, storage::lock_record>& all() const { return locks_; }

  /// What has changed since the last call: locks, and the claim that was taken or
  /// granted, if one was.
  struct change {
    storage::key_name lock;
    claim_id begun; ///< 0: none
  };
  std::vector<change> take_changes() { return std::exchange(changes_, {}); }

  /// Drops locks of a space that went, up to `most`; true: there are more.
  bool drop_space(space_id space, std::size_t most);

private:
  void put(const storage::key_name& lock, const storage::lock_record& what, claim_id begun);
  void take_out_all(const std::vector<claim_name>& claims, hlc_stamp stamp);
  void take_out(const storage::key_name& lock, const std::vector<claim_id>& claims,
                hlc_stamp stamp);
  void note_session(const storage::key_name& lock, const storage::lock_claim& claim);
  void forget_session(const storage::key_name& lock, const storage::lock_claim& claim);
  void remember_token(const storage::key_name& lock, hlc_stamp token);
  void forget_lowest_token();
  void restore();

  storage::state& table_;
  const std::size_t max_fences_;
  std::map<storage::key_name, storage::lock_record> locks_;
  /// The claims in `locks_` that go with a session.
  std::map<client_id, std::set<claim_name>> of_sessions_;
  std::map<storage::key_name, hlc_stamp> fences_;
  std::set<std::pair<hlc_stamp, storage::key_name>> by_token_; ///< of `fences_`
  hlc_stamp forgotten_; ///< the highest token that was forgotten (L4)
  std::vector<change> changes_;
};

} // namespace present::partition
