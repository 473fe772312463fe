#include "actors/raft/raft_machine.hpp"

#include "actors/raft/mutant.hpp"
#include "actors/raft/quorum.hpp"
#include "runtime/base/splitmix64.hpp"

#include <algorithm>
#include <utility>

namespace present::raft {

raft_machine::raft_machine(node_id self, store_id own_store,
                           const raft_settings& settings,
                           const recovered_state& found, time_ms now)
  : self_(self),
    own_store_(own_store),
    settings_(settings),
    promised_(found.promised),
    hard_(found.hard),
    log_(found),
    writes_(found.hard),
    unwritten_from_(next(log_.last())),
    commit_(found.applied),
    handed_(found.applied),
    applied_(found.applied),
    state_(found.state),
    now_(now),
    random_state_(settings.seed) {
  check(found.applied <= log_.last(), "rule 11: the state outran the log");
  check(found.applied >= log_.base(), "rule 11: the log starts after the state");
  check(found.state != state_standing::missing || found.applied == log_.base(),
        "I12: applied without a state");
  base_unwritten_ = drop_tail_ = found.mark_unwritten;
  if (mutated(mutant::forget_vote_on_restart)) {
    hard_.voted_for = {};
    writes_ = write_queue(hard_);
  }
  const bool alone = members().voters == std::vector{self} && !members().is_joint();
  follower start;
  start.campaign_at = alone ? now
                            : now + draw(settings_.election_timeout_ms,
                                         settings_.election_timeout_ms * 3 / 2);
  role_ = start;
  reported_role_ = {role_kind::follower, hard_.current_term, {}};
  reported_members_ = {members(), log_.members_index() <= commit_};
}

// -- a step ------------------------------------------------------------------

effects raft_machine::step(const event& what) {
  out_.clear();
  if (stopped_)
    return {};
  now_ = std::max(now_, what.now);
  std::visit([this](const auto& detail) { on(detail); }, what.what);
  if (stopped_)
    return std::exchange(out_, {});
  if (auto* state = std::get_if<leader>(&role_)) {
    advance_commit();
    advance_membership(*state);
  }
  if (auto* state = std::get_if<leader>(&role_)) {
    settle_quiet(*state); // before anything is sent that says whether it is
    advance_transfer(*state);
    answer_reads(*state);
    replicate();
  }
  settle_proposals();
  hand_over();
  write_out();
  log_.evict(handed_, settings_.max_tail_bytes);
  report_configuration();
  report_role();
  if (invariants_on())
    check_invariants();
  return std::exchange(out_, {});
}

std::optional<time_ms> raft_machine::next_wake() const {
  std::optional<time_ms> wake = disk_retry_at_;
  const auto sooner = [&](time_ms at) { wake = std::min(wake.value_or(at), at); };
  if (stopped_)
    return std::nullopt;
  if (const auto* state = std::get_if<follower>(&role_)) {
    if (quorum::is_voter(members(), self_))
      sooner(state->campaign_at);
  } else if (const auto* before = std::get_if<pre_candidate>(&role_)) {
    sooner(before->retry_at);
  } else if (const auto* running = std::get_if<candidate>(&role_)) {
    sooner(running->retry_at);
  } else if (const auto* leading = std::get_if<leader>(&role_)) {
    if (!leading->peers.empty())
      sooner(leading->heartbeat_at);
    if (leading->transferring)
      sooner(leading->transferring->give_up_at);
  }
  return wake;
}

void raft_machine::on(const time_passed&) {
  if (disk_retry_at_ && now_ >= *disk_retry_at_)
    retry_full_disk();
  if (auto* state = std::get_if<leader>(&role_))
    on_leader_time(*state);
  else
    on_campaign_time();
}

void raft_machine::on(const applied& event) {
  const auto upto = std::min(event.index, handed_);
  for (; applied_ < upto; applied_ = next(applied_))
    if (next(applied_) > log_.base())
      applying_bytes_ -= log_.size_at(next(applied_));
}

void raft_machine::on(const link_changed& event) {
  if (event.up)
    links_down_.erase(event.peer);
  else
    links_down_.insert(event.peer);
  if (auto* state = std::get_if<leader>(&role_))
    return on_peer_link(*state, event.peer, event.up);
  auto* state = std::get_if<follower>(&role_);
  if (!state || event.up || event.peer != state->leader)
    return;
  if (state->quiet && mutated(mutant::deaf_when_quiet))
    return;
  // No need to wait for a timeout. The jitter keeps peers that lost the same
  // leader from campaigning at once.
  state->quiet = false;
  state->campaign_at
    = std::min(state->campaign_at,
               now_ + draw(0, settings_.election_timeout_ms / 10));
}

// -- messages ----------------------------------------------------------------

void raft_machine::on(const received& event) {
  const auto& what = event.what;
  if (what.to != self_ || what.from == self_ || from_other_store(what)
      || std::holds_alternative<carried>(what.content))
    return;
  // Whoever is heard is reachable, whatever was said of its link.
  if (links_down_.contains(what.from))
    on(link_changed{what.from, true});
  if (settle_term(what))
    dispatch(what);
}

/// P19: what counts towards a quorum must come from the store that the configuration
/// names. Not so what a leader or a candidate says: it was chosen by a quorum that
/// checked, or checks itself, and a replica that lags may know an older configuration
/// than the one in which that node has another store.
bool raft_machine::from_other_store(const message& what) const {
  const bool counts = std::holds_alternative<vote_reply>(what.content)
                      || std::holds_alternative<append_reply>(what.content)
                      || std::holds_alternative<snapshot_reply>(what.content);
  return counts && !quorum::is_named_store(members(), what.from, what.from_store)
         && !mutated(mutant::count_any_store);
}

/// Compares terms once for all kinds of message. False: nothing more to do.
bool raft_machine::settle_term(const message& what) {
  const auto* ask = std::get_if<vote_request>(&what.content);
  const auto* answer = std::get_if<vote_reply>(&what.content);
  if (what.at_term < hard_.current_term) {
    // Whoever lags learns our term from the refusal.
    if (ask)
      say(what.from, vote_reply{ask->pre, false});
    else if (std::holds_alternative<append_request>(what.content)
             || std::holds_alternative<snapshot_chunk>(what.content))
      say(what.from, append_reply{});
    return false;
  }
  if (what.at_term == hard_.current_term)
    return true;
  // A pre-vote speaks of a term that nobody is in yet.
  if ((ask && ask->pre) || (answer && answer->pre && answer->granted))
    return true;
  // A replica that was cut off must not depose a leader that others hear.
  if (ask && !ask->transfer && leader_seems_alive()
      && what.from != leader_known())
    return false;
  become_follower(what.at_term, node_id{});
  return true;
}

void raft_machine::dispatch(const message& what) {
  const auto& content = what.content;
  if (const auto* ask = std::get_if<vote_request>(&content))
    on_vote_request(what, *ask);
  else if (const auto* answer = std::get_if<vote_reply>(&content))
    on_vote_reply(what, *answer);
  else if (const auto* entries = std::get_if<append_request>(&content))
    on_append_request(what, *entries);
  else if (const auto* outcome = std::get_if<append_reply>(&content))
    on_append_reply(what, *outcome);
  else if (const auto* part = std::get_if<snapshot_chunk>(&content))
    on_snapshot_chunk(what, *part);
  else if (const auto* stored = std::get_if<snapshot_reply>(&content))
    on_snapshot_reply(what, *stored);
  else
    on_timeout_now(what);
}

void raft_machine::say(node_id to, body content) {
  say_as(to, hard_.current_term, std::move(content));
}

/// I4: what rests on a term or vote that is not durable yet waits for it.
void raft_machine::say_as(node_id to, term at_term, body content) {
  message what{self_, to, own_store_, at_term, std::move(content)};
  if (hard_state_durable() || mutated(mutant::acknowledge_before_persisting))
    out_.push_back(send{std::move(what)});
  else
    writes_.hold(hard_changed_ ? writes_.next_number() : hard_written_by_,
                 std::move(what), settings_.max_held_messages);
}

/// Leaves when what this step writes is durable.
void raft_machine::say_once_written(node_id to, body content) {
  writes_.hold(writes_.next_number(),
               message{self_, to, own_store_, hard_.current_term,
                       std::move(content)},
               settings_.max_held_messages);
}

// -- roles -------------------------------------------------------------------

void raft_machine::become_follower(term at_term, node_id leader) {
  if (auto* state = std::get_if<raft::leader>(&role_)) {
    refuse_reads(*state);
    for (auto& [peer, to] : state->peers)
      if (to.state == progress::phase::installing)
        end_snapshot(peer, to);
  }
  const auto* before = std::get_if<follower>(&role_);
  follower state;
  state.leader = leader;
  state.heard_at = now_;
  // Hearing of a higher term is no reason to wait longer for a leader.
  state.campaign_at = before && !before->quiet
                        ? before->campaign_at
                        : now_ + draw(settings_.election_timeout_ms,
                                      settings_.election_timeout_ms * 3 / 2);
  if (at_term > hard_.current_term)
    set_hard_state(at_term, node_id{});
  role_ = state;
}

void raft_machine::set_hard_state(term at_term, node_id voted_for) {
  require(at_term > hard_.current_term
            || (at_term == hard_.current_term && hard_.voted_for == node_id{}),
          "I1: the term fell, or a vote was changed");
  hard_ = {at_term, voted_for};
  hard_changed_ = true;
}

/// Uniform in [low, high).
time_ms raft_machine::draw(time_ms low, time_ms high) {
  const auto number = splitmix64(random_state_);
  return high > low ? low + number % (high - low) : low;
}

role_kind raft_machine::role() const {
  return static_cast<role_kind>(role_.index());
}

node_id raft_machine::leader_known() const {
  if (std::holds_alternative<leader>(role_))
    return self_;
  const auto* state = std::get_if<follower>(&role_);
  return state ? state->leader : node_id{};
}

bool raft_machine::has_quorum() const {
  const auto* state = std::get_if<leader>(&role_);
  return state && state->has_quorum;
}

std::vector<raft_machine::peer_status> raft_machine::peers() const {
  std::vector<peer_status> result;
  const auto* state = std::get_if<leader>(&role_);
  if (!state)
    return result;
  for (const auto& [peer, to] : state->peers)
    result.push_back({peer, quorum::is_voter(members(), peer),
                      to.link_up && now_ - to.heard_at < patience_with(state->quiet),
                      to.matched, to.state, to.state_wanted > log_index{}});
  return result;
}

// -- the end of a step -------------------------------------------------------

void raft_machine::hand_over() {
  if (installing() || (lacks_state() && !mutated(mutant::go_on_without_state)))
    return; // I10, I12
  const auto limit = mutated(mutant::apply_before_commit)
                       ? log_.durable()
                       : std::min(commit_, log_.durable());
  while (handed_ < limit && applying_bytes_ < settings_.max_applying_bytes) {
    apply batch;
    batch.entries
      = log_.slice(next(handed_), limit.value - handed_.value,
                   settings_.max_applying_bytes - applying_bytes_);
    for (const auto& item : batch.entries)
      applying_bytes_ += bytes_of(item);
    handed_ = batch.entries.back().index;
    out_.push_back(std::move(batch));
  }
}

/// The entry just appended is what `id` asked for. Several may wait for one
/// index: what an earlier leadership of ours put there is not settled by being
/// cut off.
void raft_machine::remember_proposal(ticket id) {
  proposals_.emplace(log_.last(), own_proposal{hard_.current_term, id});
  out_.push_back(proposal_accepted{id, log_.last(), hard_.current_term});
}

/// P5: a proposal is known to be replaced only when another entry has been
/// committed at its index. That it was cut off here proves nothing: a replica
/// that still holds it may become leader and commit it.
void raft_machine::settle_proposals() {
  while (!proposals_.empty() && proposals_.begin()->first <= commit_) {
    const auto [index, own] = *proposals_.begin();
    proposals_.erase(proposals_.begin());
    const auto held = log_.term_at(index);
    if (!held)
      out_.push_back(proposal_unknown{own.id});
    else if (*held != own.at_term)
      out_.push_back(proposal_replaced{own.id});
  }
}

void raft_machine::report_role() {
  const role_changed now{role(), hard_.current_term, leader_known()};
  if (now.role == reported_role_.role && now.at_term == reported_role_.at_term
      && now.leader == reported_role_.leader)
    return;
  reported_role_ = now;
  out_.push_back(now);
}

// -- invariants --------------------------------------------------------------

void raft_machine::check_invariants() const {
  require(applied_ <= handed_, "I2: applied what was never handed on");
  require(handed_ <= commit_, "I2: handed on what is not committed");
  require(handed_ <= std::max(log_.durable(), log_.base()),
          "I2: handed on what is not durable");
  require(commit_ <= log_.last(), "I2: committed behind the end of the log");
  require(log_.base() <= handed_, "I2: compacted what was not handed on");
  require(unwritten_from_ <= next(log_.last()), "L2: wrote what is not there");
  const auto* leading = std::get_if<leader>(&role_);
  if (!leading)
    return;
  require(hard_.voted_for == self_, "I1: leads without its own vote");
  require(!installing(), "I10: leads while a snapshot is installed");
  require(state_ == state_standing::sound, "I12: leads without a sound state");
  require(log_.members_index() <= commit_
            || log_.members_at(previous(log_.members_index())) != members()
            || log_.members_index() == log_.base(),
          "I7: a configuration without a change");
  for (const auto& [peer, to] : leading->peers) {
    require(to.matched < to.next, "I8: a peer's next entry is one it has");
    require(to.matched <= log_.last(), "I8: a peer has more than its leader");
    require(to.inflight.size() <= settings_.max_inflight_messages,
            "I8: too many appends in flight");
  }
}

} // namespace present::raft
