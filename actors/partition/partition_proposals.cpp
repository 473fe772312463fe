#include "actors/partition/mutant.hpp"
#include "actors/partition/partition_machine.hpp"

#include <algorithm>
#include <utility>

/// How what was admitted becomes entries of the log: which writes go together, what goes
/// with them, and when.
namespace present::partition {

namespace {

/// The next batch gathers on for this part of the last round's time, and no longer.
constexpr time_ms gathering_part = 3;
constexpr time_ms longest_gathering_ms = 3;

} // namespace

/// Half of those that write here hear of the round that has ended within moments, and
/// come back: without them the next one would be half as large, and they wait for it.
void partition_machine::gather_on(time_ms now) {
  const auto [since, writes] = std::exchange(last_round_, {});
  const auto patience = std::min((now - since) / gathering_part, longest_gathering_ms);
  gathers_until_ = writes > 1 && !gathered_.is_empty() ? now + patience : 0;
  awaited_ = writes;
}

/// Entries of the machine's own wait for nobody.
bool partition_machine::gathers_on(time_ms now) const {
  return now < gathers_until_ && !gathered_.is_empty() && gathered_.size() < awaited_
         && !wants_own_entry();
}

/// An idle partition proposes at once; a busy one lets the next batch gather.
void partition_machine::propose_gathered(const event& input, effects& out) {
  if (gathers_on(input.now))
    return;
  gathers_until_ = 0;
  while (phase_ == phase::leading
         && proposals_.size() < options_.max_proposals_in_flight
         && (!gathered_.is_empty()
             || (wants_own_entry() && own_entry_not_before_ <= input.now)))
    propose_batch(input, out);
}

/// An entry without operations drives on what is collected in parts.
bool partition_machine::wants_own_entry() const {
  return phase_ == phase::leading && proposals_.empty()
         && (state_->is_collecting() || wanted_command().index() != 0
             || state_->latest() < close_up_to_);
}

own_command partition_machine::wanted_command() const {
  if (share_is_due_)
    return known_share_;
  if (leases_.has_due())
    return leases_.due();
  const auto* root = state_->root_catalog();
  if (root && !root->is_founded() && options_.founding_map)
    return found_catalog{options_.founding_map};
  if (marker_is_due_)
    return digest_marker{};
  return {};
}

void partition_machine::propose_batch(const event& input, effects& out) {
  auto batch = std::make_shared<entry_batch>();
  // While its own wait, writes go without them: one that goes alone (L1) would be refused
  // again and again, and never let them come to their turn.
  if (proposals_.empty() && own_entry_not_before_ <= input.now)
    batch->command = wanted_command();
  gathered_writes::cut next;
  if (!std::holds_alternative<expire_claims>(batch->command)) // its entry is its own (L1)
    next = gathered_.take_batch();
  batch->operations = std::move(next.operations);
  advise_late(batch->operations);
  batch->machine_version = version_needed(*batch);
  batch->first_stamp = clock_.tick(
    mutated(mutant::stamp_without_median) ? input.wall_ms : bounded_wall(input.wall_ms));
  if (mutated(mutant::stamp_by_wall_clock))
    batch->first_stamp = hlc_stamp::of(input.wall_ms, 0);
  clock_.raise(batch->last_stamp());
  std::vector<request_tag> traced;
  open_request* asker = nullptr;
  for (std::size_t i = 0; i < next.origins.size(); ++i) {
    if (i == 0 || next.origins[i].tag != next.origins[i - 1].tag) {
      asker = requests_.find(next.origins[i].tag);
      if (asker && asker->is_traced)
        traced.push_back(next.origins[i].tag);
    }
    if (asker) // else it waited for a lock too long: nobody takes it out of the queue then
      asker->fates[next.origins[i].place] = waits_for::log;
  }
  const auto ticket = ++last_ticket_;
  proposals_[ticket] = {input.now, batch, std::move(next.origins), std::nullopt, std::move(traced)};
  out.push_back(propose{ticket, std::move(batch)});
}

} // namespace present::partition
