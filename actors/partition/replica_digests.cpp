#include "actors/partition/mutant.hpp"
#include "actors/partition/replica.hpp"
#include "actors/raft/quorum.hpp"
#include "runtime/base/overloaded.hpp"

#include <utility>

/// Digests of a replica's state, compared with those of its peers (P24).
namespace present::partition {

// -- at a marker -------------------------------------------------------------------

void replica::carry_out(marker_applied& what) {
  audit_.on_marker(what.index, now_);
  if (table_.is_frozen())
    return on_digest_taken(what.index, nullptr); // R7
  marker_ = what.index;
  begin_checkpoint();
}

// -- what replicas say to each other -----------------------------------------------

/// Terms are raft's business: what is said of a marker holds whoever leads by now. But
/// only the leader of this term is believed when it says that this replica is wrong.
void replica::on_carried(const raft::message& from, const replica_message& what) {
  // The members by this replica's log may be older than a witness's store (B6).
  const bool may_be_of_any_store = std::holds_alternative<standing_told>(what.what);
  if (damaged_ || (!may_be_of_any_store && !is_of_named_store(from)))
    return; // G1
  std::visit(overloaded{
               [&](const digest_asked& asked) { answer_digest(from.from, asked); },
               [&](const digest_told& told) { audit_.on_told(from.from, told); },
               [&](const digest_verdict& verdict) {
                 if (from.from == raft_.leader_known()
                     && from.at_term == raft_.current_term()
                     && verdict.marker == audit_.last_marker())
                   become_different(verdict.marker, verdict.buckets);
               },
               [&](const standing_asked& asked) {
                 answer_standing(from.from, from.from_store, asked);
               },
               [&](const standing_told& told) {
                 inquiry_.on_told(from.from, from.from_store, told, now_);
                 look_after_witnesses();
               },
             },
             what.what);
}

bool replica::is_of_named_store(const raft::message& from) const {
  return raft::quorum::is_named_store(raft_.members(), from.from, from.from_store);
}

void replica::answer_digest(node_id leader, const digest_asked& asked) {
  auto told = audit_.answer(asked, partition_.applied(), raft_.lacks_state());
  if (!told)
    waiting_for_digest_ = {leader, asked};
  else
    send_to(leader, {std::move(*told)});
}

/// Null: it could not be taken. Whoever has asked already hears of it at once.
void replica::on_digest_taken(log_index marker, digest_ptr digest) {
  audit_.on_taken(marker, std::move(digest));
  if (const auto asked = std::exchange(waiting_for_digest_, std::nullopt))
    answer_digest(asked->first, asked->second);
}

void replica::send_to(node_id peer, replica_message what) {
  raft::send mail{{raft_.self(), peer, store_, raft_.current_term(),
                   raft::carried{std::make_shared<const replica_message>(std::move(what))}}};
  carry_out(mail);
}

/// As with what fails its own checks: whatever the file says, it isn't what the log made.
void replica::become_different(log_index marker, const std::vector<std::uint16_t>& buckets) {
  become_damaged("at marker " + std::to_string(marker.value) + " a majority of the replicas "
                 "has other digests in " + std::to_string(buckets.size()) + " of "
                 + std::to_string(storage::state_digest::buckets) + " buckets");
}

// -- repair of others (P25) ----------------------------------------------------------

/// What is on the disk must be as of the marker when it is read, and the checkpointer
/// does one thing after the other.
bool replica::may_repair(log_index at_least) {
  if (mutated(mutant::repair_from_anyone))
    return reaches(at_least);
  const auto agreed = audit_.repair_index();
  if (agreed >= at_least && !checkpoint_) {
    const auto mark = backend_->applied();
    if (mark && mark->index == agreed)
      return true;
  }
  audit_.want_repair(now_);
  return false;
}

bool replica::holds_checkpoints() const {
  return audit_.repair_is_wanted(now_) && table_.active_bytes() < 2 * checkpoint_bytes_;
}

// -- the leader --------------------------------------------------------------------

void replica::look_after_digests() {
  audit_view seen{raft_.members(), partition_.applied(), {}};
  for (const auto& peer : raft_.peers())
    if (peer.reachable)
      seen.reachable.insert(peer.node);
  for (const auto& step : audit_.look(seen, now_))
    std::visit([this](const auto& what) { carry_out(what); }, step);
}

void replica::carry_out(const log_marker&) {
  tell(event_kind{marker_due{}});
}

void replica::carry_out(const ask_digest& what) {
  send_to(what.peer, {digest_asked{what.marker}});
}

void replica::carry_out(const note_disputes& what) {
  tell(event_kind{buckets_disputed{what.buckets}});
  out_->push_back(disputes_changed{what.marker, what.buckets.size()});
}

void replica::carry_out(const report_damage& what) {
  if (what.replica == raft_.self())
    become_different(what.marker, what.buckets);
  else
    send_to(what.replica, {digest_verdict{what.marker, what.buckets}});
}

} // namespace present::partition
