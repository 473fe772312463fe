#include "actors/partition/lock_book.hpp"

#include "actors/partition/answers.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/sound_state.hpp"
#include "runtime/base/check.hpp"

#include <algorithm>

namespace present::partition {

using storage::key_name;
using storage::lock_record;
using storage::record_key;

namespace {

storage::lock_claim claim_of(const acquire_lock& asked, client_id by) {
  return {asked.claim, asked.lease_ms, asked.owner, asked.value,
          asked.of_session ? by : client_id{}};
}

answer fenced_answer(std::string message, hlc_stamp newer) {
  auto given = refused_answer(error_code::fenced, std::move(message));
  given.version = newer;
  return given;
}

/// npos: it isn't there.
constexpr auto nowhere = static_cast<std::size_t>(-1);

std::size_t place_of(claim_id claim, const lock_record& lock) {
  for (std::size_t place = 0; place < lock.claims.size(); ++place)
    if (lock.claims[place].claim == claim)
      return place;
  return nowhere;
}

bool publishes_alike(const storage::lock_claim& a, const storage::lock_claim& b) {
  return a.owner == b.owner && !a.value == !b.value && (!a.value || *a.value == *b.value);
}

key_name mark_of_forgotten() {
  return {};
}

} // namespace

lock_book::lock_book(storage::state& table, std::size_t fences)
    : table_(table), max_fences_(fences) {
  restore();
}

// -- claims --------------------------------------------------------------------------

answer lock_book::apply(const acquire_lock& asked, client_id by, hlc_stamp stamp) {
  const key_name name{asked.space, asked.key};
  const auto wanted = claim_of(asked, by);
  const auto* found = find(name);
  if (!found) {
    note_session(name, wanted);
    put(name, {stamp, stamp, {wanted}}, asked.claim);
    return applied_answer(stamp);
  }
  auto lock = *found;
  auto place = place_of(asked.claim, lock);
  if (place == nowhere && mutated(mutant::grant_held_locks)) {
    for (const auto& each : lock.claims)
      forget_session(name, each);
    note_session(name, wanted);
    lock = {stamp, stamp, {wanted}};
    put(name, lock, asked.claim);
    return applied_answer(stamp);
  }
  if (place == nowhere && !asked.wait)
    return conflict_answer(lock.claims.front().owner.empty()
                             ? "the lock is held"
                             : "the lock is held by '" + lock.claims.front().owner + "'",
                           lock.token);
  if (place == nowhere) {
    place = lock.claims.size();
    lock.claims.push_back(wanted);
  } else {
    if (place == 0 && !publishes_alike(lock.claims.front(), wanted))
      lock.version = stamp;
    forget_session(name, lock.claims[place]);
    lock.claims[place] = wanted;
  }
  note_session(name, wanted);
  put(name, lock, asked.claim);
  return place == 0 ? applied_answer(lock.token) : waiting_answer();
}

answer lock_book::apply(const release_lock& asked, hlc_stamp stamp) {
  const key_name name{asked.space, asked.key};
  const auto* found = find(name);
  if (!found || place_of(asked.claim, *found) == nowhere)
    return refused_answer(error_code::not_found,
                          "no such claim: it was released, or its lease ran out");
  take_out(name, {asked.claim}, stamp);
  return applied_answer(stamp);
}

/// All that expires of one lock goes before it is granted anew, so that no claim is
/// granted and gone with one stamp (L1).
void lock_book::apply(const expire_claims& what, hlc_stamp stamp) {
  take_out_all(what.claims, stamp);
}

void lock_book::end_session(client_id of, hlc_stamp stamp) {
  const auto found = of_sessions_.find(of);
  if (found == of_sessions_.end() || mutated(mutant::keep_ended_sessions_locks))
    return;
  take_out_all({found->second.begin(), found->second.end()}, stamp);
}

void lock_book::take_out_all(const std::vector<claim_name>& claims, hlc_stamp stamp) {
  std::map<key_name, std::vector<claim_id>> gone;
  for (const auto& each : claims)
    gone[each.lock].push_back(each.claim);
  for (const auto& [lock, some] : gone)
    take_out(lock, some, stamp);
}

void lock_book::take_out(const key_name& lock, const std::vector<claim_id>& claims,
                         hlc_stamp stamp) {
  const auto* found = find(lock);
  if (!found)
    return; // L5
  auto left = *found;
  const auto holder = left.claims.front().claim;
  std::erase_if(left.claims, [&](const storage::lock_claim& each) {
    const bool goes = std::find(claims.begin(), claims.end(), each.claim) != claims.end();
    if (goes)
      forget_session(lock, each);
    return goes;
  });
  if (left.claims.size() == found->claims.size())
    return;
  if (left.claims.empty()) {
    locks_.erase(lock);
    table_.erase(record_key::lock(lock.space, lock.key));
    changes_.push_back({lock, {}});
    return;
  }
  if (mutated(mutant::serve_last_first))
    std::swap(left.claims.front(), left.claims.back());
  const auto next = left.claims.front().claim;
  if (next == holder) {
    put(lock, left, {});
    return;
  }
  if (!mutated(mutant::repeat_tokens)) {
    check(stamp > left.token, "L1: a token that doesn't rise");
    left.token = stamp;
  }
  left.version = stamp;
  put(lock, left, next);
}

std::optional<answer> lock_book::delay_of(const acquire_lock& asked, client_id by) const {
  if (const auto mine = of_sessions_.find(by);
      asked.of_session && mine != of_sessions_.end() && mine->second.size() >= max_session_claims
      && !mine->second.contains({{asked.space, asked.key}, asked.claim}))
    return refused_answer(error_code::overloaded,
                          "the session has " + std::to_string(max_session_claims)
                            + " locks in this partition, held or waited for: no more");
  const auto* found = find({asked.space, asked.key});
  const bool is_full
    = found ? asked.wait && found->claims.size() >= max_lock_claims
                && place_of(asked.claim, *found) == nowhere
            : locks_.size() >= max_partition_locks;
  if (!is_full)
    return std::nullopt;
  return refused_answer(error_code::overloaded,
                        found ? "the lock's queue is full: "
                                  + std::to_string(max_lock_claims) + " claims"
                              : "the partition has no room for one more lock: there are "
                                  + std::to_string(max_partition_locks));
}

// -- reading -------------------------------------------------------------------------

answer lock_book::waiting_answer() {
  auto given = applied_answer({});
  given.otherwise = true;
  return given;
}

const lock_record* lock_book::find(const key_name& lock) const {
  const auto found = locks_.find(lock);
  return found == locks_.end() ? nullptr : &found->second;
}

answer lock_book::read(const keep_lock& asked) const {
  const auto* found = find({asked.space, asked.key});
  const auto place = found ? place_of(asked.claim, *found) : nowhere;
  if (place == nowhere)
    return fenced_answer("the claim is no more: it was released, or its lease ran out",
                         found ? found->token : hlc_stamp{});
  return place == 0 ? applied_answer(found->token) : waiting_answer();
}

answer lock_book::read(const read_lock& asked) const {
  lock_standing standing;
  if (const auto* found = find({asked.space, asked.key})) {
    const auto& holder = found->claims.front();
    standing = {found->version, found->token, holder.lease_ms,
                static_cast<std::uint32_t>(found->claims.size() - 1), holder.owner,
                holder.value};
  }
  auto given = applied_answer(standing.version);
  given.lock = std::make_shared<const lock_standing>(std::move(standing));
  return given;
}

// -- fences (L3, L4) -------------------------------------------------------------------

std::optional<answer> lock_book::pass(const lock_fence& fence, bool is_here, hlc_stamp stamp) {
  if (mutated(mutant::ignore_fencing_token))
    return std::nullopt;
  const key_name name{fence.space, fence.key};
  if (is_here) {
    const auto* lock = find(name);
    if (lock && lock->token == fence.token)
      return std::nullopt;
    return fenced_answer(lock ? "the lock has been granted to another since"
                              : "nobody holds the lock any more",
                         lock ? lock->token : hlc_stamp{});
  }
  if (fence.token.wall_ms() > stamp.wall_ms() + max_token_lead_ms)
    return refused_answer(error_code::invalid,
                          "fence: no token is "
                            + std::to_string(fence.token.wall_ms() - stamp.wall_ms())
                            + " ms ahead of this partition's clock");
  const auto known = fences_.find(name);
  if (known != fences_.end() && fence.token < known->second)
    return fenced_answer("a later holder of the lock has been here", known->second);
  if (known == fences_.end() && fence.token <= forgotten_)
    return fenced_answer("the token is older than what is remembered of its lock: "
                         "acquire the lock anew", forgotten_);
  if (known == fences_.end() || known->second < fence.token)
    remember_token(name, fence.token);
  return std::nullopt;
}

void lock_book::remember_token(const key_name& lock, hlc_stamp token) {
  auto& known = fences_[lock];
  by_token_.erase({known, lock});
  by_token_.emplace(token, lock);
  known = token;
  table_.put(record_key::fence(lock.space, lock.key), storage::fence_record{token});
  if (fences_.size() > max_fences_)
    forget_lowest_token();
}

void lock_book::forget_lowest_token() {
  const auto [token, lock] = *by_token_.begin();
  by_token_.erase(by_token_.begin());
  fences_.erase(lock);
  table_.erase(record_key::fence(lock.space, lock.key));
  forgotten_ = token;
  const auto mark = mark_of_forgotten();
  table_.put(record_key::fence(mark.space, mark.key), storage::fence_record{token});
}

// -- records -------------------------------------------------------------------------

void lock_book::put(const key_name& lock, const lock_record& what, claim_id begun) {
  locks_[lock] = what;
  table_.put(record_key::lock(lock.space, lock.key), what);
  changes_.push_back({lock, begun});
}

void lock_book::note_session(const key_name& lock, const storage::lock_claim& claim) {
  if (claim.session.value != 0)
    of_sessions_[claim.session].insert({lock, claim.claim});
}

void lock_book::forget_session(const key_name& lock, const storage::lock_claim& claim) {
  const auto found = of_sessions_.find(claim.session);
  if (found == of_sessions_.end())
    return;
  found->second.erase({lock, claim.claim});
  if (found->second.empty())
    of_sessions_.erase(found);
}

bool lock_book::drop_space(space_id space, std::size_t most) {
  auto at = locks_.lower_bound({space, ""});
  for (; at != locks_.end() && at->first.space == space && most > 0; --most) {
    table_.erase(record_key::lock(space, at->first.key));
    for (const auto& each : at->second.claims)
      forget_session(at->first, each);
    changes_.push_back({at->first, {}});
    at = locks_.erase(at);
  }
  return at != locks_.end() && at->first.space == space;
}

void lock_book::restore() {
  auto locks = table_.visit(
    record_key::start_of(storage::record_kind::lock),
    record_key::end_of(storage::record_kind::lock), [&](storage::row&& row) {
      if (mutated(mutant::forget_locks))
        return true;
      const key_name lock{row.key.space(), std::string{row.key.user_key()}};
      auto& restored = locks_[lock] = std::get<lock_record>(std::move(row.what));
      for (const auto& each : restored.claims)
        note_session(lock, each);
      return true;
    });
  sound(locks);
  auto fences = table_.visit(
    record_key::start_of(storage::record_kind::fence),
    record_key::end_of(storage::record_kind::fence), [&](storage::row&& row) {
      const key_name lock{row.key.space(), std::string{row.key.user_key()}};
      const auto token = std::get<storage::fence_record>(row.what).token;
      if (lock == mark_of_forgotten()) {
        forgotten_ = token;
      } else {
        fences_[lock] = token;
        by_token_.emplace(token, lock);
      }
      return true;
    });
  sound(fences);
}

} // namespace present::partition
