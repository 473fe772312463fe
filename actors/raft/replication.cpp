#include "actors/raft/raft_machine.hpp"

#include <algorithm>
#include <utility>

/// What goes to a peer, and when: probing until the logs meet, then pipelined
/// appends within a window (rules 8, 9).
namespace present::raft {

void raft_machine::replicate() {
  auto& state = std::get<leader>(role_);
  for (auto& [peer, to] : state.peers)
    replicate_to(state, peer, to);
}

void raft_machine::replicate_to(leader& state, node_id peer, progress& to) {
  if (to.state == progress::phase::installing || !to.link_up || to.loading)
    return;
  for (;;) {
    if (previous(to.next) < log_.base())
      return begin_snapshot(peer, to);
    const bool probing = to.state == progress::phase::probing;
    if (probing ? to.probe_outstanding
                : to.next > log_.last()
                    || to.window_full(settings_.max_inflight_messages,
                                      settings_.max_inflight_bytes))
      return;
    std::vector<entry> entries;
    if (to.next <= log_.last()) {
      if (to.next < log_.tail_first()) {
        to.loading = true;
        out_.push_back(load_entries{peer, to.next, settings_.max_message_bytes});
        return;
      }
      entries = log_.slice(to.next, settings_.max_message_entries,
                           settings_.max_message_bytes);
    }
    send_entries(state, peer, to, std::move(entries));
  }
}

void raft_machine::on(const entries_loaded& event) {
  auto* state = std::get_if<leader>(&role_);
  if (!state || !state->peers.contains(event.for_peer))
    return;
  auto& to = state->peers.at(event.for_peer);
  if (!std::exchange(to.loading, false)
      || to.state == progress::phase::installing)
    return;
  if (event.entries.empty())
    return begin_snapshot(event.for_peer, to); // the journal can't give them
  const auto& last = event.entries.back();
  const bool wanted = to.link_up && !to.probe_outstanding
                      && event.entries.front().index == to.next
                      && previous(to.next) >= log_.base()
                      && log_.matches(last.index, last.at_term);
  if (wanted)
    send_entries(*state, event.for_peer, to, event.entries);
}

void raft_machine::send_entries(leader& state, node_id peer, progress& to,
                                std::vector<entry> entries) {
  append_request what;
  what.previous_index = previous(to.next);
  what.previous_term = log_.term_at(what.previous_index).value_or(term{});
  what.commit = commit_;
  what.round = state.reads.current();
  if (to.state == progress::phase::probing) {
    // Until it is answered nothing is known, so `next` stays.
    to.probe_outstanding = true;
  } else {
    std::size_t bytes = 0;
    for (const auto& item : entries)
      bytes += bytes_of(item);
    to.on_sent(entries.back().index, bytes);
  }
  what.entries = std::move(entries);
  say(peer, std::move(what));
}

/// Empty, at the end of what was sent: so a lost append is noticed, and a probe
/// that was lost is repeated.
void raft_machine::send_heartbeat(leader& state, node_id peer, progress& to) {
  append_request what;
  if (to.state != progress::phase::installing
      && previous(to.next) >= log_.base()) {
    what.previous_index = previous(to.next);
    what.previous_term = log_.term_at(what.previous_index).value_or(term{});
  }
  what.commit = commit_;
  what.round = state.reads.current();
  what.quiet = state.quiet;
  say(peer, std::move(what));
}

void raft_machine::on_refused(leader& state, node_id peer, progress& to,
                              const append_reply& answer) {
  if (to.state == progress::phase::installing)
    return;
  if (to.state == progress::phase::probing
      && answer.refused_index != previous(to.next))
    return; // of an earlier probe
  const auto meet = log_.last_at_most(answer.hint_index, answer.hint_term);
  const auto common = std::min(meet.index, answer.hint_index);
  // It refuses what it had acknowledged: an old message, or its store has lost
  // entries, or has those of an earlier term again (rule 15). Counting less for it is
  // right in all of these cases.
  if (answer.refused_index <= to.matched)
    to.matched = std::min(to.matched, common);
  const auto from
    = std::min(next(common), std::max(answer.refused_index, log_index{1}));
  to.become_probing(std::max(from, next(to.matched)));
  replicate_to(state, peer, to); // rule 8: again at once
}

} // namespace present::raft
