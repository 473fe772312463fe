#include "actors/raft/mutant.hpp"
#include "actors/raft/quorum.hpp"
#include "actors/raft/raft_machine.hpp"

#include <utility>

/// What is durable: one write a step carries term, vote, entries and base
/// together, and its completion releases what rested on it (rules 3, 4, 12).
namespace present::raft {

void raft_machine::write_out() {
  if (stopped_ || disk_retry_at_)
    return;
  if (!hard_changed_ && !base_unwritten_ && unwritten_from_ > log_.last())
    return;
  persist write;
  write.hard = hard_;
  if (unwritten_from_ <= log_.last())
    write.entries = log_.slice(unwritten_from_, SIZE_MAX, SIZE_MAX);
  log_position last;
  if (!write.entries.empty())
    last = {write.entries.back().index, write.entries.back().at_term};
  if (base_unwritten_) {
    write.base = log_.mark_at(log_.base());
    write.drop_tail = drop_tail_;
  }
  write.follows = writes_.latest();
  write.number
    = writes_.add(hard_, last, base_unwritten_ ? log_.base() : log_index{});
  if (hard_changed_)
    hard_written_by_ = write.number;
  hard_changed_ = base_unwritten_ = drop_tail_ = false;
  unwritten_from_ = next(log_.last());
  out_.push_back(std::move(write));
}

void raft_machine::on(const persisted& event) {
  const auto done = writes_.complete(event.number);
  if (done.empty())
    return;
  refused_for_room_ = 0;
  const auto before = log_.durable();
  for (const auto& write : done) {
    if (write.base > log_index{})
      log_.become_durable(write.base);
    // Rule 3: it counts only if the log still has that entry.
    if (write.last.index > log_index{}
        && (log_.matches(write.last.index, write.last.at_term)
            || mutated(mutant::believe_late_write)))
      log_.become_durable(write.last.index);
  }
  for (auto& what : writes_.release(done.back().number))
    out_.push_back(send{std::move(what)});
  if (auto* running = std::get_if<candidate>(&role_);
      running && hard_state_durable() && !running->votes.contains(self_)) {
    running->votes[self_] = true;
    count_votes();
  }
  if (const auto* state = std::get_if<follower>(&role_);
      state && state->leader != node_id{} && log_.durable() > before)
    acknowledge(state->round);
}

void raft_machine::on(const persist_failed& event) {
  if (mutated(mutant::believe_failed_write))
    return on(persisted{event.number});
  if (writes_.idle() || event.number < writes_.oldest())
    return; // of writes that were given up before
  writes_.forget();
  const auto successor = best_successor();
  // Rule 12: what the disk holds is not known any more. A sync that succeeds now
  // would not say that what failed before is there.
  if (!event.disk_full)
    return become_stopped(successor);
  if (std::holds_alternative<leader>(role_))
    step_down(successor);
  else if (!std::holds_alternative<follower>(role_))
    become_follower(hard_.current_term, node_id{});
  disk_retry_at_ = now_ + settings_.disk_retry_ms;
  ++refused_for_room_;
}

void raft_machine::become_stopped(node_id successor) {
  step_down(successor);
  stopped_ = true;
  report_role();
  out_.push_back(rebuild_needed{});
}

/// Writes everything again that is not known to be durable, as one new write.
void raft_machine::retry_full_disk() {
  disk_retry_at_.reset();
  hard_changed_ = !hard_state_durable();
  unwritten_from_ = std::max(next(log_.durable()), next(log_.base()));
  base_unwritten_ = log_.base() > log_index{}; // once too often does no harm
  drop_tail_ = log_.durable() < log_.base();
  if (!hard_changed_ && !base_unwritten_ && unwritten_from_ > log_.last())
    refused_for_room_ = 0; // what was refused isn't wanted any more
}

} // namespace present::raft
