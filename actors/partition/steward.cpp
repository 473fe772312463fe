#include "actors/partition/steward.hpp"

#include "actors/partition/mutant.hpp"
#include "actors/raft/quorum.hpp"

#include <algorithm>

namespace present::partition {

namespace {

bool same_nodes(std::vector<node_id> left, std::vector<node_id> right) {
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  return left == right;
}

const raft::raft_machine::peer_status* find_peer(const leader_view& seen, node_id node) {
  const auto found = std::find_if(seen.peers.begin(), seen.peers.end(),
                                  [node](const auto& peer) { return peer.node == node; });
  return found == seen.peers.end() ? nullptr : &*found;
}

} // namespace

void steward::on_role(bool leads, time_ms now) {
  if (leads && !leads_)
    led_since_ = now;
  leads_ = leads;
  told_ = {};
  told_by_ = {};
  next_look_.reset();
}

std::optional<steward_step> steward::look(const leader_view& seen, time_ms now) {
  next_look_.reset();
  if (!leads_)
    return std::nullopt;
  if (!map_ || !seen.committed || seen.members.is_joint()) {
    next_look_ = now + options_.look_again_ms;
    return std::nullopt;
  }
  if (auto report = next_report(seen)) {
    next_look_ = now;
    return report;
  }
  if (auto change = next_change(seen)) {
    next_look_ = now + options_.look_again_ms;
    return change;
  }
  if (auto successor = next_leader(seen, now))
    return successor;
  if (awaits_members_)
    next_look_ = now + options_.look_again_ms;
  return std::nullopt;
}

/// S5.
std::optional<steward_step> steward::next_report(const leader_view& seen) {
  const auto* group = map_->find_partition(options_.partition);
  const auto& learners = seen.members.learners;
  const bool may_name
    = mutated(mutant::tell_with_learners)
      || std::all_of(learners.begin(), learners.end(), [&](node_id node) {
           return group && has_node(group->wanted, node);
         });
  const bool settles
    = may_name && group
      && std::any_of(group->departures.begin(), group->departures.end(),
                     [&](const auto& gone) { return gone.since > told_by_; });
  if (told_ >= seen.members_index && !settles)
    return std::nullopt;
  told_ = seen.members_index;
  told_by_ = may_name ? map_->epoch : map_epoch{};
  return tell_members{{options_.partition, seen.members_index, seen.members.voters, told_by_}};
}

raft::member_store steward::store_of(node_id node) const {
  const auto* known = map_->find_node(node);
  return {node, known ? known->store : store_id{}};
}

/// A learner that a vote of its own would not hold up, and that knows it is one: what it
/// had from an earlier membership could still be removed.
bool steward::is_ready(const leader_view& seen, node_id node) const {
  const auto* peer = find_peer(seen, node);
  if (mutated(mutant::promote_at_once))
    return peer != nullptr;
  return peer && peer->reachable && !peer->lacks_state
         && peer->phase == raft::progress::phase::replicating
         && peer->matched >= seen.members_index
         && seen.last.value - std::min(seen.last.value, peer->matched.value)
              <= options_.handover_lag;
}

std::optional<steward_step> steward::next_change(const leader_view& seen) {
  awaits_members_ = false;
  const auto* group = map_->find_partition(options_.partition);
  if (!group || group->wanted.empty()
      || (group->members_index < seen.members_index && !mutated(mutant::trust_old_maps)))
    return std::nullopt; // S6
  const auto is_current = [&](node_id node) { // with the store that the map names
    return raft::quorum::store_of(seen.members, node) == store_of(node).store;
  };
  raft::configuration next;
  std::vector<node_id> waiting; // wanted, and not yet ready
  for (const auto node : group->wanted) {
    const bool votes = has_node(seen.members.voters, node);
    if (votes && is_current(node))
      next.voters.push_back(node);
    else if (!votes && has_node(seen.members.learners, node) && is_current(node)
             && is_ready(seen, node))
      next.voters.push_back(node);
    else
      waiting.push_back(node);
  }
  awaits_members_ = !waiting.empty();
  // S1: for each that can't come yet one stays that is to go.
  const auto full = group->wanted.size();
  for (const auto node : seen.members.voters)
    if (next.voters.size() < full && !has_node(group->wanted, node) && is_current(node))
      next.voters.push_back(node);
  // S2: an old store under a wanted number goes first, then comes as a learner.
  for (const auto node : waiting)
    if (!has_node(seen.members.voters, node))
      next.learners.push_back(node);
  if (next.voters.empty()
      || (same_nodes(next.voters, seen.members.voters)
          && same_nodes(next.learners, seen.members.learners)
          && std::all_of(next.learners.begin(), next.learners.end(), is_current)))
    return std::nullopt;
  for (const auto* side : {&next.voters, &next.learners})
    for (const auto node : *side)
      next.stores.push_back(store_of(node));
  return exchange_members{std::move(next)};
}

std::optional<steward_step> steward::next_leader(const leader_view& seen, time_ms now) {
  const auto* group = map_->find_partition(options_.partition);
  if (!group)
    return std::nullopt;
  const auto due = led_since_ + options_.spread_pause_ms;
  for (const auto node : group->wanted) {
    if (node == options_.self)
      return std::nullopt;
    if (!has_node(seen.members.voters, node))
      continue;
    // Whoever should lead may come up at any time.
    next_look_ = std::max(due, now + options_.spread_pause_ms / 3);
    if (now < due || !is_ready(seen, node))
      continue;
    led_since_ = now;
    next_look_ = now + options_.spread_pause_ms;
    return hand_over{node};
  }
  return std::nullopt;
}

} // namespace present::partition
