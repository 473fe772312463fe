#include "actors/raft/mutant.hpp"
#include "actors/raft/quorum.hpp"
#include "actors/raft/raft_machine.hpp"

#include <algorithm>
#include <utility>

/// Who takes part: joint consensus (Ongaro, 4.3; rule 6) and the transfer of
/// leadership (3.10; rule 7).
namespace present::raft {

namespace {

bool has_duplicates(std::vector<node_id> nodes) {
  std::sort(nodes.begin(), nodes.end());
  return std::adjacent_find(nodes.begin(), nodes.end()) != nodes.end();
}

bool same_nodes(std::vector<node_id> left, std::vector<node_id> right) {
  std::sort(left.begin(), left.end());
  std::sort(right.begin(), right.end());
  return left == right;
}

bool well_formed(const configuration& wanted) {
  if (wanted.voters.empty() || wanted.voters.size() > max_voters
      || wanted.is_joint() || has_duplicates(wanted.voters)
      || has_duplicates(wanted.learners))
    return false;
  return std::none_of(
    wanted.learners.begin(), wanted.learners.end(),
    [&](node_id node) { return quorum::contains(wanted.voters, node); });
}

/// While joint, the stores of both sides are known.
std::vector<member_store> united_stores(const configuration& wanted,
                                        const configuration& current) {
  auto stores = wanted.stores;
  for (const auto& member : current.stores)
    if (quorum::store_of(wanted, member.node).value == 0)
      stores.push_back(member);
  return stores;
}

} // namespace

void raft_machine::on(const propose_configuration& event) {
  auto* state = std::get_if<leader>(&role_);
  const auto against = state ? reason_against(*state, event.wanted)
                             : std::optional{refusal::not_leader};
  if (against) {
    out_.push_back(proposal_refused{event.id, *against});
    return;
  }
  auto entering = event.wanted;
  if (!same_nodes(event.wanted.voters, members().voters)) {
    entering.outgoing = members().voters;
    entering.stores = united_stores(event.wanted, members());
  }
  append_configuration(std::move(entering));
  remember_proposal(event.id);
}

std::optional<refusal>
raft_machine::reason_against(const leader& state,
                             const configuration& wanted) const {
  if (!well_formed(wanted))
    return refusal::invalid;
  const bool changing = members().is_joint() || log_.members_index() > commit_;
  if ((changing && !mutated(mutant::change_members_twice))
      || commit_ < state.first_own || state.transferring)
    return refusal::in_progress;
  for (const auto node : wanted.voters) {
    if (quorum::is_voter(members(), node)) {
      // Another store under a voter's number would vote a second time (P19).
      const auto store = quorum::store_of(members(), node);
      if (store.value != 0 && quorum::store_of(wanted, node) != store)
        return refusal::invalid;
      continue;
    }
    // A voter that lags would hold up every commit that needs it. And only one that
    // has heard of its being a member keeps what it acknowledges: what is left on a
    // node from an earlier membership may go at any time.
    const auto peer = state.peers.find(node);
    if (peer == state.peers.end()
        || peer->second.state != progress::phase::replicating
        || (peer->second.matched < log_.members_index()
            && !mutated(mutant::promote_unaware_learner))
        || log_.last().value - peer->second.matched.value
             > settings_.max_promotion_lag_entries)
      return refusal::not_caught_up;
  }
  return std::nullopt;
}

void raft_machine::append_configuration(configuration members) {
  append_own(entry{
    .kind = entry_kind::configuration,
    .members = std::make_shared<const configuration>(std::move(members))});
  sync_peers(std::get<leader>(role_));
}

/// Leaves the joint configuration when it is committed, whoever entered it; and
/// leaves the leadership when it is no member any more.
void raft_machine::advance_membership(leader& state) {
  if (log_.members_index() > commit_)
    return;
  if (members().is_joint()) {
    auto leaving = members();
    leaving.outgoing.clear();
    std::erase_if(leaving.stores, [&](const member_store& member) {
      return !quorum::contains(leaving.voters, member.node)
             && !quorum::contains(leaving.learners, member.node);
    });
    return append_configuration(std::move(leaving));
  }
  if (quorum::is_voter(members(), self_))
    return;
  node_id successor;
  log_index best;
  for (auto& [peer, to] : state.peers) {
    send_heartbeat(state, peer, to); // so that they know of the commit
    if (quorum::is_voter(members(), peer) && to.link_up && to.matched > best) {
      best = to.matched;
      successor = peer;
    }
  }
  step_down(successor);
}

void raft_machine::report_configuration() {
  const bool committed = log_.members_index() <= commit_;
  if (reported_members_.committed == committed
      && reported_members_.members == members())
    return;
  reported_members_ = {members(), committed};
  out_.push_back(reported_members_);
}

// -- transfer -----------------------------------------------------------------

void raft_machine::on(const transfer_leadership& event) {
  auto* state = std::get_if<leader>(&role_);
  if (!state || event.to == self_ || !state->peers.contains(event.to)
      || !quorum::is_voter(members(), event.to))
    return;
  state->transferring
    = leader::transfer{event.to, now_ + settings_.election_timeout_ms, false};
}

/// Proposals are refused meanwhile, so the target does catch up.
void raft_machine::advance_transfer(leader& state) {
  if (!state.transferring || state.transferring->told)
    return;
  const auto peer = state.peers.find(state.transferring->to);
  if (peer == state.peers.end()) {
    state.transferring.reset();
    return;
  }
  if (peer->second.matched < log_.last())
    return;
  state.transferring->told = true;
  say(peer->first, timeout_now{});
}

} // namespace present::raft
