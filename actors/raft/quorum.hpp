#pragma once

#include "storage/log_entry.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

/// The arithmetic of majorities: of one voter list or, while a joint consensus
/// is under way, of both lists separately (Ongaro, 4.3).
namespace present::raft {

inline constexpr std::size_t max_voters = 15;

namespace quorum {

/// The highest value that a majority of `voters` has reached.
template <class ValueOf>
std::uint64_t reached_by_majority(const std::vector<node_id>& voters,
                                  const ValueOf& value_of) {
  if (voters.empty())
    return 0;
  std::array<std::uint64_t, max_voters> values{};
  const auto count = std::min(voters.size(), max_voters);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = value_of(voters[i]);
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(count);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(values.begin(), place, end, std::greater<>{});
  return *place;
}

/// As above, for every list that has to agree.
template <class ValueOf>
std::uint64_t reached(const configuration& members, const ValueOf& value_of) {
  const auto incoming = reached_by_majority(members.voters, value_of);
  if (!members.is_joint())
    return incoming;
  return std::min(incoming, reached_by_majority(members.outgoing, value_of));
}

/// Whether those for whom `holds` is true make a quorum.
template <class Predicate>
bool agreed(const configuration& members, const Predicate& holds) {
  return reached(members, [&](node_id node) -> std::uint64_t {
           return holds(node) ? 1 : 0;
         }) == 1;
}

/// Whether `refused` being against it makes a quorum impossible.
template <class Predicate>
bool impossible(const configuration& members, const Predicate& refused) {
  return !agreed(members, [&](node_id node) { return !refused(node); });
}

inline bool contains(const std::vector<node_id>& nodes, node_id node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

inline bool is_voter(const configuration& members, node_id node) {
  return contains(members.voters, node) || contains(members.outgoing, node);
}

/// Everyone who receives the log, once each, in ascending order.
std::vector<node_id> everyone(const configuration& members);

/// The store that `node` must take part with; 0 if any will do.
store_id store_of(const configuration& members, node_id node);

/// Whether `node` may take part with this one: it is the one named for it, or none is.
bool is_named_store(const configuration& members, node_id node, store_id store);

} // namespace quorum
} // namespace present::raft
