#include "actors/raft/mutant.hpp"
#include "actors/raft/raft_machine.hpp"

#include <algorithm>
#include <utility>

/// Letting go of the log's beginning, and bringing up a peer that needs it
/// (rule 10). The bytes are the state store's; the machine knows marks, offsets
/// and digests.
namespace present::raft {

// -- compaction ---------------------------------------------------------------

/// Keeps a bounded part behind the durable state for peers that lag, and a
/// larger one behind a snapshot that is being sent: without it, the peer would
/// need another one as soon as it had installed it (P18).
void raft_machine::on(const compacted& event) {
  if (event.mark.index > applied_ || event.mark.index <= log_.base())
    return;
  auto wanted = event.mark.index;
  auto allowed = settings_.max_retained_bytes;
  if (const auto* state = std::get_if<leader>(&role_))
    for (const auto& [peer, to] : state->peers)
      if (to.state == progress::phase::installing)
        allowed = std::max(allowed, settings_.max_pinned_bytes);
  std::size_t kept = 0;
  while (wanted > log_.base()) {
    kept += log_.size_at(wanted);
    if (kept > allowed)
      break;
    wanted = previous(wanted);
  }
  if (wanted <= log_.base())
    return;
  log_.compact(wanted);
  base_unwritten_ = true;
  unwritten_from_ = std::max(unwritten_from_, next(log_.base()));
}

// -- the sender ---------------------------------------------------------------

void raft_machine::begin_snapshot(node_id peer, progress& to) {
  to.become_installing();
  ask_for_part(peer, to);
}

void raft_machine::ask_for_part(node_id peer, progress& to) {
  to.part_asked_at = now_;
  if (std::exchange(to.part_awaited, true))
    return;
  out_.push_back(read_snapshot{peer, to.offset, to.digest, to.state_wanted});
}

/// There is no state to give to a peer that has lost its own, for now: it gets what comes
/// after its log's end meanwhile, for a quorum may need it.
void raft_machine::defer_repair(progress& to) {
  to.become_installing(); // asked again as if a part had been lost
  to.part_asked_at = now_;
  to.repair_not_before = now_ + settings_.election_timeout_ms;
  if (to.matched >= log_.base())
    to.become_probing(next(to.matched));
}

void raft_machine::end_snapshot(node_id peer, progress& to) {
  out_.push_back(release_snapshot{peer});
  to.become_probing(next(to.matched));
}

void raft_machine::on(const snapshot_read& event) {
  auto* state = std::get_if<leader>(&role_);
  if (!state || !state->peers.contains(event.for_peer))
    return;
  auto& to = state->peers.at(event.for_peer);
  if (to.state != progress::phase::installing
      || !std::exchange(to.part_awaited, false))
    return;
  if (!event.chunk.bytes && to.state_wanted > log_index{})
    return defer_repair(to);
  if (!event.chunk.bytes) {
    to.become_installing();
    return ask_for_part(event.for_peer, to);
  }
  if (event.chunk.offset != to.offset)
    return ask_for_part(event.for_peer, to);
  to.mark = event.chunk.mark;
  to.digest = event.chunk.digest;
  say(event.for_peer, event.chunk);
}

void raft_machine::on_snapshot_reply(const message& from,
                                     const snapshot_reply& answer) {
  auto* state = std::get_if<leader>(&role_);
  if (!state || !state->peers.contains(from.from))
    return;
  auto& to = state->peers.at(from.from);
  to.heard_at = now_;
  if (to.state != progress::phase::installing || answer.mark != to.mark)
    return;
  if (answer.installed) {
    to.on_matched(std::min(answer.mark.index, log_.last()));
    return end_snapshot(from.from, to);
  }
  to.offset = answer.next_offset;
  ask_for_part(from.from, to);
}

// -- the receiver -------------------------------------------------------------

void raft_machine::on_snapshot_chunk(const message& from,
                                     const snapshot_chunk& part) {
  require(!std::holds_alternative<leader>(role_),
          "I9: a snapshot of another leader of the own term");
  if (std::holds_alternative<leader>(role_))
    return;
  follow(from.from, false);
  if (arriving_ || disk_retry_at_)
    return; // one part at a time; what is left out is sent again
  if (lacks_state() && part.mark.index < log_.base())
    return; // there would be a gap between it and the log
  if (part.mark.index <= handed_ && !lacks_state()) {
    // Already there, durably: what was handed on is.
    auto& state = std::get<follower>(role_);
    state.checked = std::max(state.checked, commit_);
    return say(from.from, snapshot_reply{part.mark, 0, true});
  }
  arriving_ = {part.mark, part.last}; // until the state store answers (I10)
  out_.push_back(install_snapshot{part});
}

void raft_machine::on(const snapshot_stored& event) {
  arriving_.reset();
  if (const auto* state = std::get_if<follower>(&role_);
      state && state->leader != node_id{})
    say(state->leader, snapshot_reply{event.mark, event.next_offset, false});
}

void raft_machine::on(const snapshot_failed& event) {
  on(snapshot_stored{event.mark, 0});
}

void raft_machine::on(const snapshot_installed& event) {
  auto mark = event.mark;
  if (mutated(mutant::reuse_snapshot_term))
    mark.at_term = log_.last_term();
  arriving_.reset();
  require(mark.index > handed_ || (lacks_state() && mark.index == handed_),
          "I10: a snapshot of what was handed on");
  state_ = state_standing::sound; // it was read back
  if (log_.matches(mark.index, mark.at_term)) {
    log_.compact(mark.index);
  } else {
    log_.reset(mark);
    writes_.cut(log_index{1});
    unwritten_from_ = next(mark.index);
    drop_tail_ = true;
  }
  base_unwritten_ = true;
  unwritten_from_ = std::max(unwritten_from_, next(mark.index));
  std::erase_if(proposals_, [&](const auto& own) {
    if (own.first > mark.index)
      return false;
    out_.push_back(proposal_unknown{own.second.id});
    return true;
  });
  commit_ = std::max(commit_, mark.index);
  handed_ = applied_ = mark.index;
  applying_bytes_ = 0;
  // The reply waits for the log's new beginning to be durable as well.
  auto* state = std::get_if<follower>(&role_);
  if (!state || state->leader == node_id{})
    return;
  state->checked = std::max(state->checked, commit_);
  say_once_written(state->leader, snapshot_reply{mark, 0, true});
}

// -- the own state --------------------------------------------------------------

void raft_machine::on(const state_checked&) {
  if (state_ != state_standing::unchecked)
    return;
  state_ = state_standing::sound;
  // Whoever is alone has nobody to wait for.
  auto* state = std::get_if<follower>(&role_);
  if (state && members().voters == std::vector{self_} && !members().is_joint())
    state->campaign_at = now_;
}

void raft_machine::on(const damage_found&) {
  become_stopped(best_successor());
}

} // namespace present::raft
