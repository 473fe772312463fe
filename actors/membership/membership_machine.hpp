#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/partition/operation.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <variant>
#include <vector>

/// One node's part in the cluster: keeps the newest map that it has heard of, and
/// makes this node as the map says: which peers it has links to, which partitions it
/// has replicas of. Pure.
///
///              found (an operator, once)      a map from a peer
///   ┌─────────┐ ───────────────────────▶ ┌─────────┐ ◀──────────┐
///   │ waiting │     a map from a peer    │ member  │ ───────────┘ newer: stored, then
///   └─────────┘ ───────────────────────▶ └─────────┘              told and followed
///        │      a map that names another store of this node
///        └───────────────────────▶ ┌──────────┐  a map that names this store
///                                  │ stranger │ ─────────────────────────▶ member
///                                  └──────────┘
///
/// A stranger lost its data, or is another machine under this node's number: it has
/// links, so that the others can see which store it has, and no replicas.
///
/// A replica's way:   map says so ─▶ start_replica ─▶ runs
///                    neither wanted nor a member ─▶ drop_replica ─▶ gone, or it
///                    runs on until a newer map: its log has heard otherwise since
///
/// Invariants
/// I1  The epoch of the map never falls, and a map of another cluster is never taken.
/// I2  Nothing is told or done by a map before it is on this node's disk, so that a
///     restart doesn't fall behind what others have seen of it.
/// I3  A replica runs here only by a map that names this node with this store.
/// I4  A replica is dropped only by a map in which the node is neither wanted nor a
///     member, and only if its own log has not named it a member since: what it has
///     acknowledged as one may count already, and so does its vote: it runs on.
/// I5  A cluster is founded once: a second founding with the same members is answered
///     the same, with others refused (P19).
/// I6  What is to be reported to the root is asked for again until the map has it.
namespace present::membership {

struct settings {
  node_id self;
  store_id store;
  std::string cluster; ///< trust domain
  /// A report that the map doesn't show yet is made again after this.
  std::uint32_t report_pause_ms = 1000;
  /// A node that answers with another store than the map's has lost its data; after
  /// it has done so for this long it is let in again, as one that has nothing (P19).
  std::uint32_t readmit_after_ms = 5000;
};

// -- what the machine hears --------------------------------------------------------

/// First: what the disk has. `on_disk`: partitions whose data are here.
struct started {
  cluster_map_ptr map; ///< null: none
  std::vector<partition_id> on_disk;
};
/// From this node's root replica, or a peer.
struct map_heard {
  cluster_map_ptr map;
};
/// An operator founds the cluster with this map. Answered with `found_answered`.
struct found_asked {
  std::uint64_t asker = 0;
  cluster_map_ptr map;
};
struct map_stored {
  map_epoch epoch;
};
/// The disk refused; what was to be stored is tried again.
struct map_failed {
  error why;
};
struct peer_up {
  node_id peer;
  store_id store;
};
struct peer_down {
  node_id peer;
};
/// What was asked for with `drop_replica` is done.
struct replica_dropped {
  partition_id partition;
};
/// It is stopped, and its data are where they were: its log names this node (I4).
struct replica_spared {
  partition_id partition;
  log_index members_index; ///< as it was asked for
};
/// The leader of a partition, here, tells who its voters are.
struct members_known {
  report_members what;
};
struct time_passed {};

using event_kind
  = std::variant<started, map_heard, found_asked, map_stored, map_failed, peer_up,
                 peer_down, replica_dropped, replica_spared, members_known,
                 time_passed>;

struct event {
  time_ms now = 0;
  event_kind what;
};

// -- what the machine asks for -----------------------------------------------------

/// Make it durable; `map_stored` or `map_failed` comes back. One at a time.
struct store_map {
  cluster_map_ptr map;
};
/// Tell this node's router and replicas.
struct publish_map {
  cluster_map_ptr map;
};
struct start_link {
  node_id peer;
  std::string address;
};
struct stop_link {
  node_id peer;
};
struct start_replica {
  storage::placement group;
  /// The node is one of the founders, in the store it has now.
  bool founds = false;
  /// The root's: what the cluster is born with; null once it is born.
  cluster_map_ptr born_with;
};
/// Stop it, and leave its data alone.
struct stop_replica {
  partition_id partition;
};
/// Stop it if it runs, and remove its data but for its word (journal_store::leave),
/// unless its log names this node a member as of that index or later.
struct drop_replica {
  partition_id partition;
  log_index members_index; ///< of which the map knows
};
/// Give the map to a peer.
struct offer_map {
  node_id peer;
  cluster_map_ptr map;
};
/// Ask the root, as a client of the cluster.
struct ask_root {
  std::variant<report_members, add_node> what;
};
struct found_answered {
  std::uint64_t asker = 0;
  status how = success();
};

using effect = std::variant<store_map, publish_map, start_link, stop_link, start_replica,
                            stop_replica, drop_replica, offer_map, ask_root, found_answered>;
using effects = std::vector<effect>;

/// Not thread-safe: owned by one membership actor.
class membership_machine {
public:
  explicit membership_machine(settings options) : options_(std::move(options)) {}

  void step(const event& input, effects& out);

  /// When `time_passed` is wanted next; empty: nothing waits.
  std::optional<time_ms> next_wake() const;

  /// Null: this node has not heard of a cluster.
  const cluster_map_ptr& map() const { return map_; }
  bool is_stranger() const;

private:
  struct link {
    std::string address;
    bool up = false;
    store_id store; ///< that the peer said it has
    time_ms since = 0;
  };
  struct report {
    report_members what;
    time_ms again_at = 0;
  };

  // on_<event>, in protocol order
  void on(const event& input, const started& what, effects& out);
  void on(const event& input, const map_heard& what, effects& out);
  void on(const event& input, const found_asked& what, effects& out);
  void on(const event& input, const map_stored& what, effects& out);
  void on(const event& input, const map_failed& what, effects& out);
  void on(const event& input, const peer_up& what, effects& out);
  void on(const event& input, const peer_down& what, effects& out);
  void on(const event& input, const replica_dropped& what, effects& out);
  void on(const event& input, const replica_spared& what, effects& out);
  void on(const event& input, const members_known& what, effects& out);
  void on(const event& input, const time_passed& what, effects& out);

  bool is_newer(const cluster_map& map) const;
  void store_next(cluster_map_ptr map, effects& out);
  void follow(const event& input, effects& out);
  void follow_links(effects& out);
  void follow_replicas(effects& out);
  void drop_unkept(effects& out);
  void spread(effects& out);
  status founding_problem(const cluster_map& map) const;
  void answer_founders(const status& how, effects& out);
  void stop_all_replicas(effects& out);
  void drop_old_reports();
  void make_reports(time_ms now, effects& out);
  void readmit(time_ms now, effects& out);
  std::optional<time_ms> readmission_due(node_id peer, const link& there) const;
  bool keeps_root() const;

  const settings options_;
  cluster_map_ptr map_;     ///< on the disk, and followed
  cluster_map_ptr storing_; ///< on its way to the disk
  cluster_map_ptr next_;    ///< newer still; waits for that
  std::optional<time_ms> store_again_at_;
  std::vector<std::uint64_t> founders_asking_;
  std::map<node_id, link> links_;
  std::set<partition_id> replicas_; ///< running, or started
  std::set<partition_id> dropping_;
  std::set<partition_id> left_over_; ///< on the disk, not running
  /// Kept by their own logs, against the map, with what that knew of their members.
  std::map<partition_id, log_index> spared_;
  std::map<partition_id, report> reports_;
  std::map<node_id, time_ms> readmitted_at_;
};

} // namespace present::membership
