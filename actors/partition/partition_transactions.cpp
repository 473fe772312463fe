#include "actors/partition/answers.hpp"
#include "actors/partition/commit_step.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/partition_machine.hpp"
#include "runtime/base/check.hpp"

#include <algorithm>

/// What a partition does about transactions that reach over several: hands those whose
/// home it is to their coordinator, finds what others have left, and lets those wait who
/// meet locks.
namespace present::partition {

namespace {

/// While something may have been left: how often that is looked for.
constexpr time_ms look_every_ms = 500;

/// Any key or range of what it has locked.
anchor place_of(const storage::prepared_record& lock) {
  if (!lock.writes.empty())
    return {lock.writes.front().where.space, lock.writes.front().where.key};
  if (!lock.reads.empty())
    return {lock.reads.front().space, lock.reads.front().key};
  if (!lock.ranges.empty())
    return {lock.ranges.front().space, lock.ranges.front().first};
  return {};
}

/// Those that another partition's coordinator asks for decide by themselves whether to
/// wait (P13).
bool waits_for_locks(const operation& asked) {
  return !commit_step_of(asked);
}

} // namespace

// -- handing over --------------------------------------------------------------------

bool partition_machine::reaches_others(const operation& asked) const {
  const auto* what = std::get_if<transact>(&asked.what);
  return what && state_->reaches_others(*what) && !mutated(mutant::own_everything);
}

/// I11.
void partition_machine::coordinate_waiting(const event& input, effects& out) {
  if (phase_ != phase::leading)
    return;
  for (const auto& [tag, place] : std::exchange(to_coordinate_, {})) {
    auto* asker = requests_.find(tag);
    if (!asker)
      continue; // it ran into its deadline
    const auto& asked = asker->what->operations[place];
    if (auto known = state_->answer_before(asked)) {
      asker->answer_place(place, std::move(*known));
    } else if (auto plan = plan_for(asked, input.wall_ms)) {
      asker->fates[place] = waits_for::log;
      in_hand_.emplace(write_origin{tag, place}, plan->terms.id);
      out.push_back(coordinate{tag, place, term_,
                               std::make_shared<transaction_plan>(std::move(*plan))});
    } else {
      asker->answer_place(place, refused_answer(plan.problem().code, plan.problem().message));
    }
    respond_if_complete(tag, *asker, out);
  }
}

result<transaction_plan> partition_machine::plan_for(const operation& asked,
                                                     std::uint64_t wall_ms) const {
  const auto now = std::max(hlc_stamp::of(bounded_wall(wall_ms), 0), clock_.latest());
  if (asked.retry_until < now)
    return make_error(error_code::session_expired,
                      "the operation's time to retry is over, and nothing is known of it");
  if (asked.retry_until.wall_ms() > now.wall_ms() + max_retry_window_ms)
    return make_error(error_code::clock_skew, "retry_until: more than "
                                                + std::to_string(max_retry_window_ms / 1000)
                                                + " s ahead of the partition's clock");
  if (!map_)
    return make_error(error_code::wrong_partition, "this node has no map yet");
  return plan_of(asked, options_.id, *map_, now);
}

void partition_machine::on_coordinated(const coordinated& what, effects& out) {
  if (what.at_term != term_)
    return;
  const write_origin origin{what.tag, what.place};
  in_hand_.erase(origin);
  answer_coordinated(origin, what.what, out);
}

/// Nothing if it ran into its deadline.
void partition_machine::answer_coordinated(const write_origin& origin, answer given,
                                           effects& out) {
  auto* asker = requests_.find(origin.tag);
  if (!asker || asker->fates[origin.place] != waits_for::log)
    return;
  asker->answer_place(origin.place, std::move(given));
  respond_if_complete(origin.tag, *asker, out);
}

/// Perhaps it had them decided: whoever asks again hears how they ended, or begins them
/// once more. Those that nobody asks for are left to whoever pushes.
void partition_machine::on_coordinator_gone(effects& out) {
  for (const auto& [origin, id] : std::exchange(in_hand_, {})) {
    auto given = refused_answer(error_code::unknown_outcome,
                                "this node's coordinator of transactions has ended: the "
                                "partition knows whether it is applied");
    given.known = outcome::unknown;
    answer_coordinated(origin, std::move(given), out);
  }
}

// -- pushes --------------------------------------------------------------------------

bool partition_machine::has_in_hand(const operation_id& id) const {
  return std::any_of(in_hand_.begin(), in_hand_.end(),
                     [&](const auto& each) { return each.second == id; });
}

/// I16. The coordinator's own pushes name its term. Others ask again in a while; to let
/// them wait here would hold up what else their request asks for.
std::optional<answer> partition_machine::word_on_push(const held_requests::held& what,
                                                      const operation& asked) const {
  const auto* pushed = std::get_if<push>(&asked.what);
  if (!pushed || what.only_in || !has_in_hand(pushed->transaction)
      || mutated(mutant::abort_what_is_driven))
    return std::nullopt;
  return refused_answer(error_code::transaction_conflict,
                        "the transaction is under way, and its coordinator lives");
}

// -- what was left -------------------------------------------------------------------

std::optional<time_ms> partition_machine::next_look() const {
  const auto& all = state_->transactions();
  const bool may_be_left = all.has_undriven() || !all.locks().is_empty();
  return phase_ == phase::leading && may_be_left ? std::optional{looks_at_} : std::nullopt;
}

/// Coordinators know what they do already. A new leader drives all decisions at once:
/// whoever did so before is gone.
void partition_machine::look_for_left_transactions(const event& input, effects& out) {
  const bool is_first = phase_ == phase::leading && looks_at_ == 0;
  if (const auto due = next_look(); !is_first && (!due || *due > input.now))
    return;
  looks_at_ = input.now + look_every_ms;
  const auto now_ms = bounded_wall(input.wall_ms);
  const auto is_older = [&](hlc_stamp stamp, std::uint32_t than_ms) {
    return stamp.wall_ms() + than_ms <= now_ms;
  };
  const auto& owned = state_->owned();
  for (const auto& decision : state_->transactions().undriven())
    if (!owned.empty() && (is_first || is_older(decision.stamp, options_.drive_after_ms)))
      out.push_back(drive_decision{term_,
                                   {{decision.client, decision.number},
                                    {owned.front().space, owned.front().first},
                                    {},
                                    decision.deadline},
                                   decision});
  for (const auto& [id, lock] : state_->transactions().locks().all())
    if (is_older(lock.stamp, options_.doubt_after_ms))
      out.push_back(doubt_lock{term_, terms_of(lock), place_of(lock)});
}

// -- waiting for locks ---------------------------------------------------------------

/// I12: takes those out of `done` who met a lock when they were applied. Who leads no
/// more can't try again for them: they are refused, and come back.
void partition_machine::keep_waiting(proposal& done, std::vector<answer>& answers) {
  if (phase_ == phase::following)
    return;
  const auto met = [&](std::size_t i) {
    return answers[i].holder && waits_for_locks(done.batch->operations[i]);
  };
  std::size_t kept = 0;
  for (std::size_t i = 0; i < done.origins.size(); ++i) {
    const auto origin = done.origins[i];
    if (met(i)) {
      if (auto* asker = requests_.find(origin.tag)) {
        asker->fates[origin.place] = waits_for::lock;
        locked_writes_.push_back(origin);
      }
      continue;
    }
    done.origins[kept] = origin;
    if (kept != i)
      answers[kept] = std::move(answers[i]);
    ++kept;
  }
  done.origins.resize(kept);
}

/// A write goes to the end of the queue once more. Where it stands there isn't kept: at
/// its deadline it counts as proposed.
void partition_machine::wake_lock_waiters(effects& out) {
  const auto releases = state_->transactions().locks().releases();
  if (releases == std::exchange(releases_seen_, releases))
    return;
  for (const auto& origin : std::exchange(locked_writes_, {}))
    if (auto* asker = requests_.find(origin.tag)) {
      const auto& asked = asker->what->operations[origin.place];
      const auto changed = advised(asked); // of what is there now
      gathered_.push(changed ? *changed : asked, origin);
      asker->fates[origin.place] = waits_for::log;
    }
  for (const auto ticket : std::exchange(locked_reads_, {}))
    serve_read(ticket, out);
}

} // namespace present::partition
