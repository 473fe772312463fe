#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/partition/operation.hpp"
#include "storage/state.hpp"

#include <cstddef>

/// What the root partition's state machine keeps of the cluster: nodes, spaces, who
/// keeps which partition, which partition has which keys. Changed by the root's log
/// alone, so the same on every replica (P1).
///
/// Invariants
/// C1  What is applied and changes something raises the epoch; a refusal, or what
///     is so already, changes nothing.
/// C2  A space's number is never used again.
/// C3  The ranges of a space begin at the empty key and rise: no key is without a
///     partition, none has two.
/// C4  A node leaves only when no partition has it as a member, wants it, or may make it
///     one yet: whom a map wants no more is remembered (`departures`) until the
///     partition's leader has told its members by that map or a later one. Told by an
///     earlier one they may change behind our back: a node that was let go in that moment
///     was a voter of the root, and with another disk lost nobody could be elected
///     (simulated, seed 56).
/// C5  `wanted` lists are as placement.hpp says (W1 to W4) after each change of the
///     nodes.
///
/// Not thread-safe. `table` outlives it.
namespace present::partition {

class catalog {
public:
  explicit catalog(storage::state& table);

  /// The birth of the cluster. Later ones change nothing.
  void found(const cluster_map& map, hlc_stamp at);

  // Of a cluster that is founded.
  answer apply(const create_space& asked, hlc_stamp at);
  answer apply(const drop_space& asked, hlc_stamp at);
  answer apply(const set_space& asked, hlc_stamp at);
  answer apply(const add_node& asked, hlc_stamp at);
  answer apply(const drain_node& asked, hlc_stamp at);
  answer apply(const remove_node& asked, hlc_stamp at);
  answer apply(const report_members& asked, hlc_stamp at);

  bool is_founded() const { return map_->epoch.value != 0; }
  /// Immutable: a change makes another one.
  const cluster_map_ptr& map() const { return map_; }

private:
  void restore();
  template <class Change>
  void change(Change how);
  void put_node(const cluster_map::node& what, hlc_stamp at);
  void put_map();
  answer set_state(node_id id, storage::node_state state, hlc_stamp at);

  storage::state& table_;
  cluster_map_ptr map_; ///< without leaders
  std::map<std::string, hlc_stamp> versions_; ///< of spaces, by name
  space_id next_space_{1};
};

} // namespace present::partition
