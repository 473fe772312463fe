#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

/// What the causal values (mv_register, or_set, or_map) are made of: Almeida, Shoker
/// and Baquero, "Delta State Replicated Data Types" (2018).
namespace present::crdt {

/// Who changes a value: a region, a node, a client. No two at a time have one number,
/// and who comes back without its state takes another.
struct replica_id {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(replica_id, replica_id) = default;
};

/// One change: the `count`-th of a replica, from 1.
struct dot {
  replica_id replica;
  std::uint64_t count = 0;
  friend constexpr auto operator<=>(dot, dot) = default;
};

/// A set of changes: all that a value has heard of, whether it still shows them or not.
/// What was taken away is in here and not in the value, so nobody keeps tombstones.
///
/// I1  `apart` has only dots that don't follow on `seen`, so that equal sets are equal
///     structs.
class causal_context {
public:
  causal_context() = default;
  /// Of each replica the changes up to this one, which is not 0.
  explicit causal_context(std::map<replica_id, std::uint64_t> seen)
      : seen_(std::move(seen)) {}

  bool contains(dot what) const;
  /// The change that this replica makes next.
  dot next(replica_id by) const;

  void add(dot what);
  void join(const causal_context& other);

  /// Of each replica the changes up to this one, and more, each by itself.
  const std::map<replica_id, std::uint64_t>& seen() const { return seen_; }
  const std::set<dot>& apart() const { return apart_; }

  friend bool operator==(const causal_context&, const causal_context&) = default;

private:
  void compact(replica_id of);

  std::map<replica_id, std::uint64_t> seen_;
  std::set<dot> apart_;
};

// -- what shows changes: it is joined with the help of what each side has heard of -----

using dot_set = std::set<dot>;
using dot_values = std::map<dot, std::string>;

void join(dot_set& mine, const causal_context& my_context, const dot_set& theirs,
          const causal_context& their_context);
void join(dot_values& mine, const causal_context& my_context, const dot_values& theirs,
          const causal_context& their_context);

/// Names with something under each; a name without anything is no name.
template <class Store>
void join(std::map<std::string, Store>& mine, const causal_context& my_context,
          const std::map<std::string, Store>& theirs,
          const causal_context& their_context) {
  const Store nothing;
  for (auto& [name, store] : mine)
    if (!theirs.contains(name))
      join(store, my_context, nothing, their_context);
  for (const auto& [name, store] : theirs)
    join(mine[name], my_context, store, their_context);
  std::erase_if(mine, [](const auto& one) { return one.second.empty(); });
}

} // namespace present::crdt
