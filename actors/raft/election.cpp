#include "actors/raft/mutant.hpp"
#include "actors/raft/quorum.hpp"
#include "actors/raft/raft_machine.hpp"

#include <algorithm>

/// From follower to leader: pre-vote (Ongaro, 9.6), vote, and what a voter says.
/// Together with check-quorum in leader.cpp (rule 7).
namespace present::raft {

// -- may it -------------------------------------------------------------------

/// Rules 15 and 16: a replica whose log lacks what it once acknowledged, or
/// whose data is not the store that the configuration names, has no voice. Nor
/// has one that can't write its vote down.
bool raft_machine::may_vote() const {
  const bool foreign = own_store_.value != 0
                       && !quorum::is_named_store(members(), self_, own_store_);
  const bool complete = is_up_to_date(log_.last_position(), promised_)
                        || commit_ >= promised_.index
                        || mutated(mutant::vote_with_lost_log);
  return !foreign && complete && !disk_retry_at_ && !stopped_;
}

/// What it may have lost binds it until its log has come as far, or, if nobody knows of
/// a loss, for a while: whose log was the longest may be gone, and nobody else could lead.
bool raft_machine::is_bound() const {
  if (!bound_ || mutated(mutant::vote_after_going_back))
    return false;
  return !is_up_to_date(log_.last_position(), bound_->reached) && commit_ < bound_->reached.index
         && (bound_->went_back || now_ < bound_->until);
}

log_position raft_machine::reached() const {
  const auto last = log_.last_position();
  return is_up_to_date(last, promised_) ? last : promised_;
}

/// I13. It may have voted in any term that a voter is in, so it has.
void raft_machine::on(const witnesses_told& event) {
  bound_ = {event.reached, event.went_back, now_ + settings_.witness_patience_ms};
  if (mutated(mutant::vote_after_going_back))
    return;
  if (event.at_term > hard_.current_term)
    become_follower(event.at_term, node_id{});
  if (event.at_term > term{} && event.at_term == hard_.current_term
      && hard_.voted_for == node_id{})
    set_hard_state(hard_.current_term, self_);
}

bool raft_machine::may_campaign() const {
  return may_vote() && !is_bound() && (!installing() || mutated(mutant::campaign_while_installing))
         && (state_ == state_standing::sound || mutated(mutant::lead_without_checked_state))
         && quorum::is_voter(members(), self_);
}

/// A little less than T, so that the first whose time has come finds voters.
bool raft_machine::leader_seems_alive() const {
  if (std::holds_alternative<leader>(role_))
    return true;
  const auto* state = std::get_if<follower>(&role_);
  if (!state || state->leader == node_id{} || links_down_.contains(state->leader))
    return false;
  return now_ - state->heard_at < patience_with(state->quiet) * 3 / 4;
}

// -- the voter ----------------------------------------------------------------

void raft_machine::on_vote_request(const message& from, const vote_request& ask) {
  const log_position theirs{ask.last_index, ask.last_term};
  const bool up_to_date = (is_up_to_date(theirs, log_.last_position())
                           || mutated(mutant::vote_for_shorter_log))
                          && !(is_bound() && !is_up_to_date(theirs, bound_->reached));
  if (ask.pre) {
    if (auto* state = std::get_if<leader>(&role_); state && state->peers.contains(from.from))
      become_awake(*state); // it has not heard of us
    const bool granted = may_vote() && up_to_date
                         && from.at_term > hard_.current_term
                         && (!leader_seems_alive() || from.from == leader_known())
                         && !std::holds_alternative<leader>(role_)
                         && yields_to(from, ask);
    if (!granted)
      return say(from.from, vote_reply{true, false});
    if (std::holds_alternative<pre_candidate>(role_))
      become_follower(hard_.current_term, node_id{});
    // Let it try first: two candidates of one term split the vote.
    if (auto* state = std::get_if<follower>(&role_))
      state->campaign_at
        = std::max(state->campaign_at,
                   now_ + draw(settings_.election_timeout_ms / 2,
                               settings_.election_timeout_ms * 3 / 4));
    return say_as(from.from, from.at_term, vote_reply{true, true});
  }
  auto* state = std::get_if<follower>(&role_);
  const bool free = hard_.voted_for == node_id{} || hard_.voted_for == from.from
                    || mutated(mutant::vote_twice);
  const bool granted = may_vote() && state && free && up_to_date;
  if (granted) {
    if (hard_.voted_for != from.from) {
      if (mutated(mutant::vote_twice))
        hard_.voted_for = {};
      set_hard_state(hard_.current_term, from.from);
    }
    state->campaign_at = now_ + draw(settings_.election_timeout_ms,
                                     settings_.election_timeout_ms * 3 / 2);
  }
  say(from.from, vote_reply{false, granted});
}

/// Two that lost the same leader: the one with more log goes first, else the
/// lower number.
bool raft_machine::yields_to(const message& from, const vote_request& ask) const {
  if (!std::holds_alternative<pre_candidate>(role_))
    return true;
  return !is_up_to_date(log_.last_position(), {ask.last_index, ask.last_term})
         || from.from < self_;
}

// -- the candidate ------------------------------------------------------------

void raft_machine::on_campaign_time() {
  if (auto* state = std::get_if<follower>(&role_)) {
    if (now_ < state->campaign_at)
      return;
    if (may_campaign())
      return become_pre_candidate();
    state->campaign_at = now_ + draw(settings_.election_timeout_ms,
                                     settings_.election_timeout_ms * 3 / 2);
  } else if (const auto* before = std::get_if<pre_candidate>(&role_)) {
    if (now_ >= before->retry_at)
      become_pre_candidate();
  } else if (const auto* running = std::get_if<candidate>(&role_)) {
    if (now_ >= running->retry_at)
      become_pre_candidate();
  }
}

void raft_machine::become_pre_candidate() {
  if (!may_campaign())
    return become_follower(hard_.current_term, node_id{});
  // Asking is free and changes nothing, so it is repeated soon.
  const auto patience = settings_.election_timeout_ms;
  role_ = pre_candidate{{{self_, true}}, now_ + draw(patience / 4, patience / 2)};
  ask_for_votes(next(hard_.current_term), true, false);
  count_pre_votes();
}

/// Its own vote counts when it is durable (rule 4), which `persisted` tells.
void raft_machine::become_candidate(bool transfer) {
  const auto patience = settings_.election_timeout_ms;
  set_hard_state(next(hard_.current_term), self_);
  role_ = candidate{{}, now_ + draw(patience / 2, patience), transfer};
  ask_for_votes(hard_.current_term, false, transfer);
}

void raft_machine::ask_for_votes(term at_term, bool pre, bool transfer) {
  for (const auto node : quorum::everyone(members()))
    if (node != self_ && quorum::is_voter(members(), node))
      say_as(node, at_term,
             vote_request{log_.last(), log_.last_term(), pre, transfer});
}

void raft_machine::on_vote_reply(const message& from, const vote_reply& answer) {
  if (auto* before = std::get_if<pre_candidate>(&role_); before && answer.pre) {
    if (answer.granted != (from.at_term > hard_.current_term))
      return; // of an earlier campaign
    before->votes.emplace(from.from, answer.granted);
    count_pre_votes();
  } else if (auto* running = std::get_if<candidate>(&role_);
             running && !answer.pre) {
    running->votes.emplace(from.from, answer.granted);
    count_votes();
  }
}

void raft_machine::count_pre_votes() {
  const auto& votes = std::get<pre_candidate>(role_).votes;
  const auto said = [&](node_id node, bool what) {
    const auto vote = votes.find(node);
    return vote != votes.end() && vote->second == what;
  };
  if (quorum::agreed(members(), [&](node_id node) { return said(node, true); }))
    become_candidate(false);
}

void raft_machine::count_votes() {
  const auto& votes = std::get<candidate>(role_).votes;
  auto counted = members();
  if (mutated(mutant::count_learner_as_voter))
    counted.voters.insert(counted.voters.end(), counted.learners.begin(),
                          counted.learners.end());
  const auto said = [&](node_id node, bool what) {
    const auto vote = votes.find(node);
    return vote != votes.end() && vote->second == what;
  };
  if (quorum::agreed(counted, [&](node_id node) { return said(node, true); }))
    return become_leader();
  if (quorum::impossible(counted,
                         [&](node_id node) { return said(node, false); })) {
    // Lost, or split: try again soon, not all at the same moment.
    become_follower(hard_.current_term, node_id{});
    std::get<follower>(role_).campaign_at
      = now_ + draw(settings_.election_timeout_ms / 10,
                    settings_.election_timeout_ms / 2);
  }
}

/// The leader has chosen us: no pre-vote, and voters pass over their own leader
/// being alive. The vote itself is like any other (rule 7).
void raft_machine::on_timeout_now(const message& from) {
  const auto* state = std::get_if<follower>(&role_);
  if (state && state->leader == from.from && may_campaign())
    become_candidate(true);
}

} // namespace present::raft
