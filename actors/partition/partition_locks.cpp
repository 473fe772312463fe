#include "actors/partition/answers.hpp"
#include "actors/partition/partition_machine.hpp"
#include "runtime/base/bounds.hpp"

#include <algorithm>

/// What a leader does about locks beyond applying them: leases, and reads that wait.
namespace present::partition {

namespace {

storage::key_name lock_of(const operation& asked) {
  if (const auto* kept = std::get_if<keep_lock>(&asked.what))
    return {kept->space, kept->key};
  const auto& watched = std::get<read_lock>(asked.what);
  return {watched.space, watched.key};
}

std::uint32_t patience_of(const operation& asked) {
  if (const auto* kept = std::get_if<keep_lock>(&asked.what))
    return kept->wait_ms;
  return std::get<read_lock>(asked.what).wait_ms;
}

/// What the caller waits for hasn't come yet.
bool waits_on(const operation& asked, const answer& given) {
  if (given.code != error_code::ok)
    return false;
  if (const auto* watched = std::get_if<read_lock>(&asked.what))
    return given.version == watched->known;
  return given.otherwise;
}

} // namespace

/// Of a read that was confirmed: a claim that lives is kept alive as of when the request
/// arrived, before which no later leader can have been elected (C2).
void partition_machine::serve_lock_read(request_tag tag, open_request& asked,
                                        std::uint32_t place) {
  const auto& what = asked.what->operations[place];
  auto given = read_lock_now(what);
  if (const auto* kept = std::get_if<keep_lock>(&what.what);
      kept && given.code == error_code::ok && phase_ == phase::leading)
    if (const auto lease = lease_of(*kept);
        lease && !leases_.keep({{kept->space, kept->key}, kept->claim}, *lease, asked.arrived))
      given = refused_answer(error_code::fenced, "the lease has run out");
  const auto deadline
    = asked.what->deadline_ms ? asked.what->deadline_ms : bounds::default_deadline_ms;
  const auto until = asked.arrived + std::min(patience_of(what), deadline);
  if (phase_ == phase::leading && waits_on(what, given) && until > asked.arrived) {
    asked.fates[place] = waits_for::turn;
    parked_.add(lock_of(what), {tag, place, until});
    return;
  }
  asked.answer_place(place, std::move(given));
}

answer partition_machine::read_lock_now(const operation& asked) const {
  if (const auto* kept = std::get_if<keep_lock>(&asked.what))
    return state_->read(*kept);
  return state_->read(std::get<read_lock>(asked.what));
}

std::optional<std::uint32_t> partition_machine::lease_of(const keep_lock& kept) const {
  const auto* lock = state_->locks().find({kept.space, kept.key});
  if (!lock)
    return std::nullopt;
  const auto found = std::find_if(lock->claims.begin(), lock->claims.end(),
                                  [&](const auto& each) { return each.claim == kept.claim; });
  if (found == lock->claims.end())
    return std::nullopt;
  return found->lease_ms;
}

void partition_machine::on_locks_changed(time_ms now, effects& out) {
  for (const auto& change : state_->take_lock_changes()) {
    leases_.on_change(change, state_->locks(), now);
    for (const auto& read : parked_.take(change.lock))
      answer_parked(read, false, out);
  }
}

void partition_machine::answer_parked(const parked_reads::read& read, bool at_last,
                                      effects& out) {
  auto* asked = requests_.find(read.tag);
  if (!asked || asked->fates[read.place] != waits_for::turn)
    return; // answered at its deadline
  const auto& what = asked->what->operations[read.place];
  auto given = read_lock_now(what);
  if (waits_on(what, given) && !at_last) {
    parked_.add(lock_of(what), read);
    return;
  }
  asked->answer_place(read.place, std::move(given));
  respond_if_complete(read.tag, *asked, out);
}

void partition_machine::refuse_parked(effects& out) {
  for (const auto& read : parked_.take_all()) {
    auto* asked = requests_.find(read.tag);
    if (!asked || asked->fates[read.place] != waits_for::turn)
      continue;
    const auto why = not_leading();
    asked->answer_place(read.place, refused_answer(why.code, why.message));
    respond_if_complete(read.tag, *asked, out);
  }
}

} // namespace present::partition
