#include "actors/raft/mutant.hpp"
#include "actors/raft/raft_machine.hpp"

#include <algorithm>

/// Taking the leader's entries in, and saying what is durable of them.
namespace present::raft {

void raft_machine::follow(node_id leader, bool quiet) {
  if (!std::holds_alternative<follower>(role_))
    become_follower(hard_.current_term, leader);
  auto& state = std::get<follower>(role_);
  state.leader = leader;
  state.heard_at = now_;
  state.quiet = quiet;
  const auto patience = patience_with(quiet);
  state.campaign_at = now_ + draw(patience, patience * 3 / 2);
}

/// How long a leader, or a follower of its, that is silent is believed to be there.
time_ms raft_machine::patience_with(bool quiet) const {
  return quiet ? 3 * settings_.quiet_heartbeat_ms : settings_.election_timeout_ms;
}

void raft_machine::on_append_request(const message& from,
                                     const append_request& what) {
  require(!std::holds_alternative<leader>(role_),
          "I9: an append of another leader of the own term");
  if (std::holds_alternative<leader>(role_))
    return;
  follow(from.from, what.quiet);
  auto& state = std::get<follower>(role_);
  state.round = std::max(state.round, what.round);
  if (installing() || disk_retry_at_)
    return acknowledge(state.round); // alive, but takes nothing in (I10)
  if (!take_entries(state, what))
    return refuse_append(from.from, what);
  const auto known = mutated(mutant::commit_unchecked_tail) ? log_.last() : state.checked;
  commit_ = std::max(commit_, std::min(what.commit, known));
  // What is on its way to the disk is acknowledged when it is there.
  const bool waits
    = !what.entries.empty() && log_.durable() < what.entries.back().index;
  if (!waits || mutated(mutant::acknowledge_before_persisting))
    acknowledge(state.round);
}

/// False: the logs don't meet at `previous`.
bool raft_machine::take_entries(follower& state, const append_request& what) {
  // What is committed is the same in this leader's log, and needs no check.
  if (what.previous_index >= commit_
      && !log_.matches(what.previous_index, what.previous_term))
    return false;
  for (const auto& item : what.entries) {
    if (item.index <= commit_
        || (log_.matches(item.index, item.at_term)
            && !mutated(mutant::cut_off_on_any_append)))
      continue;
    if (item.index <= log_.last()) {
      require(item.index > commit_, "I3: cuts off what is committed");
      if (mutated(mutant::replaced_when_truncated))
        for (auto own = proposals_.lower_bound(item.index);
             own != proposals_.end(); own = proposals_.erase(own))
          out_.push_back(proposal_replaced{own->second.id});
      log_.truncate_from(item.index);
      writes_.cut(item.index);
      unwritten_from_ = std::min(unwritten_from_, item.index);
    }
    log_.append(item);
  }
  const auto end
    = what.entries.empty() ? what.previous_index : what.entries.back().index;
  state.checked = std::max({state.checked, end, commit_});
  return true;
}

/// Rule 8: the hint lets the leader skip a whole term at a time.
void raft_machine::refuse_append(node_id to, const append_request& what) {
  const auto hint = log_.last_at_most(what.previous_index, what.previous_term);
  append_reply answer;
  answer.refused_index = what.previous_index;
  answer.hint_index = hint.index;
  answer.hint_term = hint.at_term;
  answer.round = std::get<follower>(role_).round;
  if (lacks_state())
    answer.state_wanted = log_.base();
  say(to, answer);
}

/// Rule 2: never what is only in memory, never a tail of an earlier leader.
void raft_machine::acknowledge(std::uint64_t round) {
  const auto& state = std::get<follower>(role_);
  append_reply answer;
  answer.accepted = true;
  answer.matched = std::min(log_.durable(), state.checked);
  if (mutated(mutant::acknowledge_before_persisting))
    answer.matched = state.checked;
  if (mutated(mutant::acknowledge_unchecked_tail))
    answer.matched = log_.durable();
  answer.round = round;
  if (lacks_state())
    answer.state_wanted = log_.base();
  say(state.leader, answer);
}

} // namespace present::raft
