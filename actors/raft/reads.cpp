#include "actors/raft/mutant.hpp"
#include "actors/raft/quorum.hpp"
#include "actors/raft/raft_machine.hpp"

/// Linearizable reads (rule 13, P15); the bookkeeping is in read_rounds.hpp.
namespace present::raft {

void raft_machine::on(const read_request& event) {
  auto* state = std::get_if<leader>(&role_);
  if (!state || state->reads.waiting() >= settings_.max_waiting_reads) {
    out_.push_back(read_refused{event.id});
    return;
  }
  if (mutated(mutant::read_without_round)) {
    out_.push_back(read_ready{event.id, commit_});
    return;
  }
  state->reads.add(event.id, commit_);
}

/// Rule 13: before an entry of its own term is committed, a leader doesn't know
/// how far the log is committed.
void raft_machine::begin_read_round(leader& state) {
  if (commit_ < state.first_own && !mutated(mutant::read_before_own_term))
    return;
  state.reads.begin(commit_);
  for (auto& [peer, to] : state.peers)
    if (quorum::is_voter(members(), peer))
      send_heartbeat(state, peer, to);
}

void raft_machine::answer_reads(leader& state) {
  // One round at a time: what arrives meanwhile shares the next.
  for (int pass = 0; pass < 2; ++pass) {
    if (state.reads.has_unsent() && !state.reads.has_unconfirmed())
      begin_read_round(state);
    if (!state.reads.has_unconfirmed())
      return;
    const auto confirmed = quorum::reached(members(), [&](node_id node) {
      if (node == self_)
        return state.reads.current();
      const auto peer = state.peers.find(node);
      return peer == state.peers.end() ? 0 : peer->second.round;
    });
    for (const auto& read : state.reads.confirmed(confirmed))
      out_.push_back(read_ready{read.id, read.index});
  }
}

void raft_machine::refuse_reads(leader& state) {
  for (const auto id : state.reads.drain())
    out_.push_back(read_refused{id});
}

} // namespace present::raft
