#include "actors/raft/mutant.hpp"
#include "actors/raft/quorum.hpp"
#include "actors/raft/raft_machine.hpp"

#include <algorithm>
#include <utility>

/// Proposals, replies, commit, and knowing that it still leads.
namespace present::raft {

void raft_machine::become_leader() {
  leader state;
  state.first_own = next(log_.last());
  state.heartbeat_at = now_ + settings_.heartbeat_ms;
  state.busy_at = now_;
  for (auto index = next(commit_); index <= log_.last(); index = next(index))
    state.uncommitted_bytes += log_.size_at(index);
  role_ = std::move(state);
  sync_peers(std::get<leader>(role_));
  // Rule 1: only an entry of this term can be committed by counting, and with
  // it all before.
  if (!mutated(mutant::skip_start_of_term_entry))
    append_own(entry{});
}

/// Progress for whoever receives the log, and for nobody else.
void raft_machine::sync_peers(leader& state) {
  const auto wanted = quorum::everyone(members());
  for (auto item = state.peers.begin(); item != state.peers.end();) {
    if (quorum::contains(wanted, item->first)) {
      ++item;
      continue;
    }
    if (item->second.state == progress::phase::installing)
      end_snapshot(item->first, item->second);
    item = state.peers.erase(item);
  }
  for (const auto node : wanted) {
    if (node == self_ || state.peers.contains(node))
      continue;
    progress fresh;
    fresh.next = next(log_.last());
    fresh.heard_at = now_;
    fresh.link_up = !links_down_.contains(node);
    state.peers.emplace(node, std::move(fresh));
  }
}

void raft_machine::append_own(entry item) {
  auto& state = std::get<leader>(role_);
  item.index = next(log_.last());
  item.at_term = hard_.current_term;
  state.uncommitted_bytes += bytes_of(item);
  log_.append(std::move(item));
}

void raft_machine::on(const propose& event) {
  auto* state = std::get_if<leader>(&role_);
  if (!state) {
    out_.push_back(proposal_refused{
      event.id, disk_retry_at_ ? refusal::disk_full : refusal::not_leader});
    return;
  }
  if (state->transferring) {
    out_.push_back(proposal_refused{event.id, refusal::in_progress});
    return;
  }
  const auto size = event.payload ? event.payload->size() : 0;
  if (state->uncommitted_bytes > 0
      && state->uncommitted_bytes + size > settings_.max_uncommitted_bytes) {
    out_.push_back(proposal_refused{event.id, refusal::overloaded});
    return;
  }
  append_own(entry{.kind = entry_kind::command, .payload = event.payload});
  remember_proposal(event.id);
}

void raft_machine::on_append_reply(const message& from,
                                   const append_reply& answer) {
  auto* state = std::get_if<leader>(&role_);
  if (!state || !state->peers.contains(from.from))
    return;
  auto& to = state->peers.at(from.from);
  to.heard_at = now_;
  to.round = std::max(to.round, std::min(answer.round, state->reads.current()));
  to.state_wanted = answer.state_wanted;
  if (to.state_wanted > log_index{} && to.state != progress::phase::installing
      && now_ >= to.repair_not_before)
    begin_snapshot(from.from, to);
  if (!answer.accepted)
    return on_refused(*state, from.from, to, answer);
  to.on_matched(std::min(answer.matched, log_.last()));
  if (to.state == progress::phase::probing)
    to.become_replicating();
  else if (to.state == progress::phase::installing
           && to.state_wanted == log_index{}
           && to.matched >= std::max(log_.base(), to.mark.index))
    end_snapshot(from.from, to); // it has caught up by itself
}

void raft_machine::on(const peer_began& event) {
  auto* state = std::get_if<leader>(&role_);
  if (!state)
    return;
  const auto peer = state->peers.find(event.peer);
  if (peer == state->peers.end() || event.reached.index >= peer->second.matched)
    return;
  auto& to = peer->second;
  to.matched = event.reached.index;
  if (to.state != progress::phase::installing)
    to.become_probing(next(to.matched));
}

/// I6: by counting, and only up to an entry of the own term (rule 1); whoever
/// leads counts for itself what it has persisted (rule 5).
void raft_machine::advance_commit() {
  auto& state = std::get<leader>(role_);
  auto counted = &members();
  configuration changed;
  if (mutated(mutant::count_learner_as_voter)) {
    changed = members();
    changed.voters.insert(changed.voters.end(), changed.learners.begin(),
                          changed.learners.end());
    counted = &changed;
  }
  if (mutated(mutant::count_new_voters_only)) {
    changed = members();
    changed.outgoing.clear();
    counted = &changed;
  }
  const auto own = mutated(mutant::leader_counts_unpersisted) ? log_.last()
                                                              : log_.durable();
  const log_index reached{quorum::reached(*counted, [&](node_id node) {
    if (node == self_)
      return own.value;
    const auto peer = state.peers.find(node);
    return peer == state.peers.end() ? 0 : peer->second.matched.value;
  })};
  if (reached <= commit_
      || (log_.term_at(reached) != hard_.current_term
          && !mutated(mutant::commit_old_term_by_counting)))
    return;
  for (auto index = next(commit_); index <= reached; index = next(index))
    state.uncommitted_bytes -= log_.size_at(index);
  commit_ = reached;
}

// -- time and links -----------------------------------------------------------

void raft_machine::on_leader_time(leader& state) {
  if (state.transferring && now_ >= state.transferring->give_up_at)
    state.transferring.reset();
  if (now_ < state.heartbeat_at)
    return;
  check_quorum(state);
  if (!std::holds_alternative<leader>(role_))
    return;
  state.quiet = state.quiet || now_ - state.busy_at >= settings_.quiet_after_ms;
  state.heartbeat_at
    = now_ + (state.quiet ? settings_.quiet_heartbeat_ms : settings_.heartbeat_ms);
  if (state.reads.has_unsent())
    begin_read_round(state);
  for (auto& [peer, to] : state.peers) {
    send_heartbeat(state, peer, to);
    if (to.state == progress::phase::installing && !to.part_awaited
        && now_ - to.part_asked_at >= settings_.election_timeout_ms)
      ask_for_part(peer, to);
  }
}

/// A leader that hears no quorum is one that others may have replaced.
void raft_machine::check_quorum(leader& state) {
  const bool heard = quorum::agreed(members(), [&](node_id node) {
    const auto peer = state.peers.find(node);
    return peer == state.peers.end()
           || now_ - peer->second.heard_at < patience_with(state.quiet);
  });
  if (!heard)
    return step_down(node_id{});
  note_quorum(state);
}

/// Says early what `check_quorum` may have to act on later.
void raft_machine::note_quorum(leader& state) {
  const bool reachable = quorum::agreed(members(), [&](node_id node) {
    const auto peer = state.peers.find(node);
    return peer == state.peers.end()
           || (peer->second.link_up
               && now_ - peer->second.heard_at < patience_with(state.quiet));
  });
  if (reachable == state.has_quorum)
    return;
  state.has_quorum = reachable;
  out_.push_back(quorum_changed{reachable});
}

// -- an idle group (P20) --------------------------------------------------------

/// Whether any peer must hear of something soon, or be heard.
bool raft_machine::has_work(const leader& state) const {
  if (commit_ < log_.last() || log_.durable() < log_.last() || members().is_joint()
      || state.transferring || state.reads.has_unsent() || state.reads.has_unconfirmed())
    return true;
  return std::any_of(state.peers.begin(), state.peers.end(), [&](const auto& peer) {
    const auto& to = peer.second;
    return to.state != progress::phase::replicating || !to.link_up
           || to.matched < log_.last() || to.state_wanted > log_index{};
  });
}

void raft_machine::settle_quiet(leader& state) {
  if (has_work(state))
    become_awake(state);
}

/// Silence was agreed until now, so patience with each peer begins anew.
void raft_machine::become_awake(leader& state) {
  state.busy_at = now_;
  if (!std::exchange(state.quiet, false))
    return;
  state.heartbeat_at = now_;
  for (auto& [peer, to] : state.peers)
    to.heard_at = now_;
}

void raft_machine::step_down(node_id successor) {
  if (successor != node_id{} && hard_state_durable())
    say(successor, timeout_now{});
  become_follower(hard_.current_term, node_id{});
}

/// Of a leader: the voter that has most of the log, and a state to go on from.
node_id raft_machine::best_successor() const {
  node_id best;
  const auto* state = std::get_if<leader>(&role_);
  if (!state)
    return best;
  log_index reached;
  for (const auto& [peer, to] : state->peers)
    if (quorum::is_voter(members(), peer) && to.link_up && to.matched > reached
        && to.state_wanted == log_index{}) {
      reached = to.matched;
      best = peer;
    }
  return best;
}

void raft_machine::on_peer_link(leader& state, node_id peer, bool up) {
  const auto found = state.peers.find(peer);
  if (found == state.peers.end())
    return;
  auto& to = found->second;
  to.link_up = up;
  if (to.state != progress::phase::installing)
    to.become_probing(next(to.matched));
  else if (up)
    ask_for_part(peer, to); // rule 10: at once, from where it had got to
  if (up)
    send_heartbeat(state, peer, to);
  note_quorum(state);
}

} // namespace present::raft
