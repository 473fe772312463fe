#pragma once

#include "actors/partition/replica_message.hpp"
#include "storage/log_entry.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

/// Whether the replicas of a partition hold the same: the leader has a marker logged
/// every so often, each replica takes the digest of its state as of the marker, and the
/// leader compares (P24). Pure.
///
///   log_marker ─▶ in the log ─▶ applied: each replica cuts a checkpoint there, which
///        ▲                      has the digest (storage/digest.hpp)
///        │                                   │
///     interval                               ▼
///     or so many    ask_digest ──▶ peers ──▶ digest_told ─▶ a majority agrees, bucket
///     entries                                               by bucket, or none does
///
/// An operation costs nothing for it: what a checkpoint writes it adds up anyway, and a
/// marker asks for one more checkpoint.
///
/// Invariants
/// G1  Digests are compared only if they are of the same marker, and of stores that the
///     configuration names (P19).
/// G2  A replica is told to be damaged only by a majority of the voters (of both sides,
///     while joint); or, where a majority has lost its state, by all that still have one.
/// G3  Where neither agrees, nobody's word counts for more: the buckets are disputed, and
///     it is for an operator to decide (P25).
/// G4  A state may be given to others for repair only as of a marker at which its digest
///     is what G2's majority has (P25).
/// G5  An idle partition logs no markers: only what changed since the last one asks for
///     another.
namespace present::partition {

struct audit_settings {
  node_id self;
  std::uint32_t marker_interval_ms = 60'000;
  std::uint64_t marker_entries = 100'000;
  std::uint32_t ask_again_ms = 500;
  /// Between two markers while a replica waits for repair.
  std::uint32_t hurry_ms = 2'000;
  std::uint32_t max_asks = 60; ///< then a peer that doesn't answer is left alone
};

/// What the leader sees of its group.
struct audit_view {
  raft::configuration members;
  log_index applied;
  std::set<node_id> reachable;
};

/// Have a marker logged; `on_marker` tells of it.
struct log_marker {};
struct ask_digest {
  node_id peer;
  log_index marker;
};
/// The replica (this one, or a peer, which is to be told) differs from a majority.
struct report_damage {
  node_id replica;
  log_index marker;
  std::vector<std::uint16_t> buckets;
};
/// These buckets, and no others, have no majority. Said when it changes.
struct note_disputes {
  log_index marker;
  std::vector<std::uint16_t> buckets;
};
using audit_step = std::variant<log_marker, ask_digest, report_damage, note_disputes>;

class digest_audit {
public:
  explicit digest_audit(const audit_settings& options) : options_(options) {}

  // -- every replica ---------------------------------------------------------------

  /// A marker was applied here; its digest comes later, by `on_taken`.
  void on_marker(log_index marker, time_ms now);
  /// Null: it could not be taken.
  void on_taken(log_index marker, digest_ptr digest);
  /// What to tell a leader; empty: nothing yet.
  std::optional<digest_told> answer(const digest_asked& asked, log_index applied,
                                    bool lacks_state) const;
  log_index last_marker() const { return last_.marker; }

  // -- the leader ------------------------------------------------------------------

  void on_role(bool leads, time_ms now);
  void on_told(node_id peer, const digest_told& what);
  /// A replica has no state and needs one (G4): a marker is due soon.
  void want_repair(time_ms now);
  bool repair_is_wanted(time_ms now) const { return now < repair_wanted_until_; }
  /// The marker whose state may be given to others; 0: none.
  log_index repair_index() const { return repair_index_; }

  /// Whether `look` has anything to do; asked often.
  bool is_due(log_index applied, time_ms now) const {
    if (!leads_)
      return false;
    if (is_news_ || (next_look_ && *next_look_ <= now) || applied >= marker_from_)
      return true;
    return !awaited_ && applied > last_.marker && !next_look_;
  }
  std::vector<audit_step> look(const audit_view& seen, time_ms now);
  /// Empty: when something is applied or told.
  std::optional<time_ms> next_look() const { return next_look_; }

private:
  time_ms next_marker(time_ms now) const {
    return marked_at_ + (repair_is_wanted(now) ? std::min(options_.hurry_ms,
                                                          options_.marker_interval_ms)
                                               : options_.marker_interval_ms);
  }
  bool marker_is_due(const audit_view& seen, time_ms now);
  bool waits_for_peers(const audit_view& seen) const;
  bool is_silent(const audit_view& seen, node_id node) const;
  void ask(const audit_view& seen, time_ms now, std::vector<audit_step>& out);
  void judge(const raft::configuration& members, std::vector<audit_step>& out);
  std::optional<storage::bucket_digest> agreed(const raft::configuration& members,
                                               std::size_t bucket) const;
  bool is_disputed(const raft::configuration& members, std::size_t bucket) const;
  const storage::state_digest* digest_of(node_id node) const;
  void look_at(time_ms when);

  const audit_settings options_;
  digest_told last_; ///< of the newest marker here
  bool is_taking_ = false;

  bool leads_ = false;
  bool awaited_ = false; ///< a marker is on its way into the log
  time_ms marked_at_ = 0;
  time_ms repair_wanted_until_ = 0;
  std::optional<time_ms> next_look_;
  /// When this is applied the next marker is due, however little time has passed.
  log_index marker_from_{UINT64_MAX};

  // the comparison under way
  log_index compared_; ///< 0: none
  std::map<node_id, digest_told> told_;
  std::set<node_id> accused_;
  std::vector<std::uint16_t> disputed_;
  log_index repair_index_;
  time_ms ask_at_ = 0;
  std::uint32_t asks_ = 0;
  bool is_news_ = false; ///< told, and not yet looked at
};

} // namespace present::partition
