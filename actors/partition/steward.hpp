#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/partition/operation.hpp"
#include "actors/raft/raft_machine.hpp"

#include <optional>
#include <variant>
#include <vector>

/// What a leader does so that its partition is kept by whom the map wants, and led by
/// the first of them. Lives beside the leadership: it knows nothing that the next
/// leader couldn't see for itself. Pure.
///
///   as wanted ◀──────────────────────────────────────────────┐
///      │ the map wants others                                 │
///      ▼                                                      │
///   learners added ──each has caught up──▶ voters exchanged ──┘
///                                          (joint consensus)
///
/// Invariants
/// S1  A voter goes only when there are as many voters without it, or as many as are
///     wanted: one that can't come yet doesn't cost the partition a failure that it
///     could have borne.
/// S2  A node that came back with another store is a voter no more before it is a
///     learner (P19, rule 16).
/// S3  One step at a time, and the next only when the one before is committed.
/// S4  Leadership goes to the first wanted voter that is up with the log, and not more
///     often than every `spread_pause_ms`.
/// S5  The root is told of each committed set of voters; and once more when a map wants
///     somebody no more, for only then can that node leave the cluster (catalog, C4). A
///     report names the map only if no learner is left that it doesn't want: a next
///     leader with an older map could make that one a voter at once, while one that it
///     adds itself has to wait for a map that knows of it (S6).
/// S6  A map that has not heard of the present members is older than they are: nothing is
///     changed by it. It would take one that it doesn't know, or knows with an earlier
///     store, for one that has lost its data.
namespace present::partition {

struct steward_settings {
  node_id self;
  partition_id partition;
  /// Between two looks at what isn't as wanted.
  std::uint32_t look_again_ms = 100;
  /// A leader stays for this long before it hands over to who is wanted first.
  std::uint32_t spread_pause_ms = 3'000;
  std::uint64_t handover_lag = 100; ///< entries
};

/// What the leader sees of its group.
struct leader_view {
  term at_term;
  raft::configuration members;
  log_index members_index;
  bool committed = false; ///< `members`, and an entry of this term
  log_index last;
  std::vector<raft::raft_machine::peer_status> peers;
};

struct exchange_members {
  raft::configuration wanted;
};
struct hand_over {
  node_id to;
};
struct tell_members {
  report_members what;
};
using steward_step = std::variant<exchange_members, hand_over, tell_members>;

class steward {
public:
  explicit steward(const steward_settings& options) : options_(options) {}

  /// The newest map that this node knows.
  void on_map(cluster_map_ptr map) { map_ = std::move(map); }

  /// This replica begins to lead, or has ceased to. It looks first once it leads in
  /// earnest (P16).
  void on_role(bool leads, time_ms now);

  /// What to do now; empty: nothing. `next_look` says when to ask again.
  std::optional<steward_step> look(const leader_view& seen, time_ms now);

  /// Empty: when the map, the members or a link change.
  std::optional<time_ms> next_look() const { return next_look_; }

private:
  std::optional<steward_step> next_report(const leader_view& seen);
  std::optional<steward_step> next_change(const leader_view& seen);
  std::optional<steward_step> next_leader(const leader_view& seen, time_ms now);
  bool is_ready(const leader_view& seen, node_id node) const;
  raft::member_store store_of(node_id node) const;

  const steward_settings options_;
  cluster_map_ptr map_;
  bool leads_ = false;
  time_ms led_since_ = 0;
  log_index told_;      ///< of the members that the root was told of last
  map_epoch told_by_;   ///< and the map that it was told by; 0: by none
  bool awaits_members_ = false; ///< some that are wanted can't be voters yet
  std::optional<time_ms> next_look_;
};

} // namespace present::partition
