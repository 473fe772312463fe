#include "actors/partition/replica.hpp"
#include "actors/raft/quorum.hpp"

/// A replica among its witnesses, and as one (P19).
namespace present::partition {

// -- as one that starts --------------------------------------------------------------

void replica::look_after_witnesses() {
  auto step = inquiry_.look(now_);
  for (const auto peer : step.ask)
    send_to(peer, {standing_asked{inquiry_.life(), raft_.current_term(), raft_.reached()}});
  if (!step.result)
    return;
  tell(raft::event_kind{raft::witnesses_told{step.result->at_term, step.result->reached,
                                             step.result->sign != lapse::none}});
  tell(raft::event_kind{raft::time_passed{}}); // it was told of none meanwhile
  out_->push_back(witnesses_heard{std::move(*step.result)});
}

/// R9. Whoever doesn't know yet who the members are may have been one of them.
bool replica::is_withheld(const raft::message& what) const {
  return inquiry_.is_asking()
         || (inquiry_.is_uninvited()
             && std::holds_alternative<raft::vote_request>(what.content));
}

// -- as a witness --------------------------------------------------------------------

void replica::remember(const raft::message& what) {
  if (book_.has_heard(what.from, what.from_store, what.at_term))
    return;
  const auto* ask = std::get_if<raft::vote_request>(&what.content);
  const auto* answer = std::get_if<raft::vote_reply>(&what.content);
  const bool pre = (ask && ask->pre) || (answer && answer->pre);
  if (!pre && is_of_named_store(what)
      && raft::quorum::contains(raft::quorum::everyone(raft_.members()), what.from))
    book_.on_heard(what.from, what.from_store, what.at_term);
}

/// Of a leader: as it counts them.
void replica::remember_matched() {
  for (const auto& peer : raft_.peers())
    if (const auto at_term = raft_.log().term_at(peer.matched))
      book_.on_matched(peer.node, {peer.matched, *at_term});
}

void replica::answer_standing(node_id peer, store_id store, const standing_asked& asked) {
  remember_matched();
  const bool is_repeated = book_.has_asked(peer, store, asked.life);
  const auto sign = book_.on_asked(peer, store, asked);
  if (sign == lapse::none) {
    lapsed_.erase(peer);
  } else if (!is_repeated || !lapsed_.contains(peer)) {
    lapsed_[peer] = raft_.log().last();
    out_->push_back(lapse_seen{peer, sign});
  }
  tell(raft::event_kind{raft::peer_began{peer, asked.reached}});
  send_to(peer, {standing_told{asked.life.opening, raft_.current_term(),
                               raft_.log().last_position(), sign, raft_.members()}});
}

bool replica::has_gone_back(const raft::raft_machine::peer_status& peer) const {
  const auto lapsed = lapsed_.find(peer.node);
  return lapsed != lapsed_.end() && peer.matched < lapsed->second;
}

} // namespace present::partition
