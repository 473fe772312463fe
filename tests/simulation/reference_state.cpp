#include "tests/simulation/reference_state.hpp"

#include "runtime/base/overloaded.hpp"
#include "storage/crdt/crdt_codec.hpp"
#include "tests/simulation/oracle_violation.hpp"

#include <algorithm>

namespace present::simulation {

namespace {

bool same(const reference_state::change& there, const reference_state::change& seen) {
  if (!there.value || !seen.value)
    return !there.value && !seen.value;
  return there.version == seen.version && *there.value == *seen.value;
}

/// The one in effect at `index`; the end if the key never had been written then.
template <class Changes>
auto in_effect(const Changes& changes, log_index index) {
  const auto after = std::upper_bound(
    changes.begin(), changes.end(), index,
    [](log_index wanted, const auto& item) { return wanted < item.since; });
  return after == changes.begin() ? changes.end() : std::prev(after);
}

} // namespace

std::vector<operation_id> reference_state::apply(log_index index, const entry_batch& batch) {
  expect(batch.first_stamp > latest_, "stamps rise",
         "the entry at " + std::to_string(index.value) + " is stamped "
           + to_string(batch.first_stamp) + " after " + to_string(latest_));
  latest_ = batch.last_stamp();
  applied_ = index;
  if (const auto* share = std::get_if<adopt_share>(&batch.command))
    for (const auto& range : share->owned)
      owned_.insert(range.space);
  if (const auto* gone = std::get_if<expire_claims>(&batch.command)) {
    std::map<key, std::set<claim_id>> claims;
    for (const auto& each : gone->claims)
      claims[{each.lock.space, each.lock.key}].insert(each.claim);
    for (const auto& [lock, expired] : claims)
      take_out(index, lock, expired, batch.first_stamp);
  }
  if (const auto* share = std::get_if<adopt_share>(&batch.command))
    for (const auto& one : share->spaces)
      rules_[one.space] = one.settings.conflicts;
  std::vector<operation_id> decided;
  for (std::size_t place = 0; place < batch.operations.size(); ++place) {
    const auto& asked = batch.operations[place];
    if (!owns(asked))
      continue;
    auto& session = sessions_[asked.id.client];
    session.acked_below = std::max(session.acked_below, asked.acked_below);
    if (session.decided.contains(asked.id.number))
      continue;
    const auto found = decide(index, asked, batch.stamp_of(place));
    if (!found)
      continue;
    sessions_[asked.id.client].decided.emplace(asked.id.number, *found);
    decided.push_back(asked.id);
  }
  return decided;
}

/// Nothing for what came too late.
std::optional<reference_state::decision>
reference_state::decide(log_index index, const operation& asked, hlc_stamp stamp) {
  if (asked.retry_until < stamp
      || asked.id.number < sessions_[asked.id.client].acked_below)
    return std::nullopt;
  if (auto fenced = refusal_by_fence(asked)) {
    fenced->index = index;
    return fenced;
  }
  auto found = std::visit(
    overloaded{
      [&](const put& it) {
        if (const auto rules = rules_.find(it.space); rules != rules_.end())
          return rules->second.how == storage::conflict_strategy::merge
                   ? join(index, it, stamp)
                   : contest(index, it, stamp);
        return change_value(index, {it.space, it.key}, it.when, stamp, it.value);
      },
      [&](const remove_key& it) {
        return change_value(index, {it.space, it.key}, it.when, stamp, nullptr);
      },
      [&](const transact& it) { return change_values(index, it, stamp); },
      [&](const acquire_lock& it) { return take_lock(index, it, asked.id.client, stamp); },
      [&](const end_session&) { return end(index, asked.id.client, stamp); },
      [&](const release_lock& it) {
        return give_back(index, {it.space, it.key}, it.claim, stamp);
      },
      [](const auto&) { return decision{{}, error_code::invalid, {}}; }},
    asked.what);
  found.index = index;
  return found;
}

reference_state::decision
reference_state::change_value(log_index index, const key& of, const condition& when,
                              hlc_stamp stamp, bytes_ptr value) {
  auto& changes = values_[of];
  const bool is_there = !changes.empty() && changes.back().value;
  const auto version = is_there ? changes.back().version : hlc_stamp{};
  if (std::holds_alternative<if_absent>(when) && is_there)
    return {{}, error_code::version_conflict, version};
  if (const auto* wanted = std::get_if<if_version>(&when); wanted && wanted->version != version)
    return {{}, error_code::version_conflict, version};
  if (!value && !is_there)
    return {{}, error_code::not_found, {}};
  told_[index][{stamp, of}] = value;
  // Within one entry only the last one can be read.
  if (!changes.empty() && changes.back().since == index)
    changes.pop_back();
  changes.push_back({index, stamp, std::move(value)});
  return {{}, error_code::ok, stamp};
}

/// The last writer wins, and who says nothing of what it knew is the last.
reference_state::decision reference_state::contest(log_index index, const put& asked,
                                                   hlc_stamp stamp) {
  const key of{asked.space, asked.key};
  const auto there = version_of(of);
  const auto author = authors_.contains(of) ? authors_[of] : storage::authorship{there, 0};
  if (asked.knows.at && there.value != 0 && *asked.knows.at <= author)
    return {{}, error_code::ok, there};
  authors_.erase(of);
  if (asked.knows.at)
    authors_[of] = *asked.knows.at;
  return change_value(index, of, always{}, stamp, asked.value);
}

/// Counters, of which each client's own count only grows.
reference_state::decision reference_state::join(log_index index, const put& asked,
                                                hlc_stamp stamp) {
  const key of{asked.space, asked.key};
  const auto delta = crdt::decode_stored(*asked.value);
  auto& counts = counts_[of];
  for (const auto& [replica, count] : std::get<crdt::g_counter>(*delta).counts)
    counts[replica] = std::max(counts[replica], count);
  return change_value(index, of, always{}, stamp,
                      std::make_shared<const std::string>(
                        crdt::encode_stored(crdt::g_counter{counts})));
}

// -- locks ---------------------------------------------------------------------------

const reference_state::lock_change& reference_state::lock_now(const key& lock) {
  auto& changes = locks_[lock];
  if (changes.empty())
    changes.push_back({});
  return changes.back();
}

/// Tokens grow, whoever granted them and whatever was between.
void reference_state::change_lock(log_index index, const key& lock, lock_change now) {
  const auto before = lock_now(lock);
  if (!now.claims.empty() && now.token != before.token) {
    expect(now.token > highest_tokens_[lock], "tokens grow (P14)",
           "the lock is granted with " + to_string(now.token) + " after "
             + to_string(highest_tokens_[lock]));
    highest_tokens_[lock] = now.token;
  }
  now.since = index;
  locks_[lock].push_back(std::move(now));
}

reference_state::decision reference_state::take_lock(log_index index, const acquire_lock& asked,
                                                     client_id by, hlc_stamp stamp) {
  const key lock{asked.space, asked.key};
  if (asked.of_session && sessions_[by].ended)
    return {{}, error_code::session_expired, {}};
  if (asked.of_session)
    claimed_for_[asked.claim] = by;
  auto now = lock_now(lock);
  if (now.claims.empty()) {
    change_lock(index, lock, {index, stamp, {asked.claim}});
    return {{}, error_code::ok, stamp};
  }
  if (!asked.wait)
    return {{}, error_code::version_conflict, now.token};
  now.claims.push_back(asked.claim);
  change_lock(index, lock, std::move(now));
  return {{}, error_code::ok, {}};
}

/// Its claims go from wherever they are, and it takes none any more.
reference_state::decision reference_state::end(log_index index, client_id of, hlc_stamp stamp) {
  sessions_[of].ended = true;
  for (const auto& [lock, changes] : std::map{locks_}) {
    std::set<claim_id> gone;
    for (const auto claim : changes.back().claims)
      if (const auto session = claimed_for_.find(claim);
          session != claimed_for_.end() && session->second == of)
        gone.insert(claim);
    if (!gone.empty())
      take_out(index, lock, gone, stamp);
  }
  return {{}, error_code::ok, stamp};
}

reference_state::decision reference_state::give_back(log_index index, const key& lock,
                                                     claim_id claim, hlc_stamp stamp) {
  const auto& now = lock_now(lock);
  if (std::find(now.claims.begin(), now.claims.end(), claim) == now.claims.end())
    return {{}, error_code::not_found, {}};
  take_out(index, lock, {claim}, stamp);
  return {{}, error_code::ok, stamp};
}

/// Whoever came first of those that are left has it, under a token of its own.
void reference_state::take_out(log_index index, const key& lock, const std::set<claim_id>& claims,
                               hlc_stamp stamp) {
  const auto before = lock_now(lock);
  auto now = before;
  std::erase_if(now.claims, [&](claim_id each) { return claims.contains(each); });
  if (now.claims.size() == before.claims.size())
    return;
  if (now.claims.empty() || now.claims.front() != before.claims.front())
    now.token = now.claims.empty() ? hlc_stamp{} : stamp;
  change_lock(index, lock, std::move(now));
}

/// Clients guard with locks of the same partition.
std::optional<reference_state::decision> reference_state::refusal_by_fence(const operation& asked) {
  if (!asked.fence)
    return std::nullopt;
  const auto& now = lock_now({asked.fence->space, asked.fence->key});
  if (!now.claims.empty() && now.token == asked.fence->token)
    return std::nullopt;
  return decision{{}, error_code::fenced, now.token};
}

std::optional<log_index> reference_state::first_claimed(const key& lock, log_index from,
                                                        claim_id claim, hlc_stamp token) const {
  const auto found = locks_.find(lock);
  if (found == locks_.end())
    return std::nullopt;
  const auto& changes = found->second;
  for (std::size_t place = 0; place < changes.size(); ++place) {
    const auto& now = changes[place];
    if (place + 1 < changes.size() && changes[place + 1].since <= from)
      continue; // over by then
    const auto there = std::find(now.claims.begin(), now.claims.end(), claim);
    if (there == now.claims.end())
      continue;
    const bool has_it = there == now.claims.begin();
    if (has_it ? token == now.token : token == hlc_stamp{})
      return std::max(now.since, from);
  }
  return std::nullopt;
}

hlc_stamp reference_state::version_of(const key& of) const {
  const auto found = values_.find(of);
  const bool is_there
    = found != values_.end() && !found->second.empty() && found->second.back().value;
  return is_there ? found->second.back().version : hlc_stamp{};
}

/// Of what the simulated clients ask: keys seen, versions compared, and unconditional
/// writes.
reference_state::decision reference_state::change_values(log_index index, const transact& asked,
                                                         hlc_stamp stamp) {
  for (const auto& seen : asked.seen)
    if (const auto there = version_of({seen.space, seen.key}); there != seen.version)
      return {{}, error_code::transaction_conflict, there};
  const bool holds
    = std::all_of(asked.compare.begin(), asked.compare.end(), [&](const comparison& one) {
        return version_of({one.space, one.key}) == std::get<hlc_stamp>(one.to);
      });
  for (const auto& each : holds ? asked.then : asked.otherwise)
    std::visit(overloaded{
                 [&](const put_step& it) {
                   put_in_transaction(index, it, stamp);
                 },
                 [&](const remove_step& it) {
                   change_value(index, {it.space, it.key}, always{}, stamp, nullptr);
                 },
                 [](const auto&) {},
               },
               each);
  return {{}, error_code::ok, stamp, !holds};
}

/// No strategy for conflicts is asked, since it is based on what is there: it has no author
/// of its own. Counters are joined all the same.
void reference_state::put_in_transaction(log_index index, const put_step& asked,
                                         hlc_stamp stamp) {
  const key of{asked.space, asked.key};
  const auto rules = rules_.find(asked.space);
  if (rules != rules_.end() && rules->second.how == storage::conflict_strategy::merge) {
    join(index, put{asked.space, asked.key, asked.value, always{}}, stamp);
    return;
  }
  authors_.erase(of);
  change_value(index, of, always{}, stamp, asked.value);
}

/// What isn't the partition's is refused, and not remembered.
bool reference_state::owns(const operation& asked) const {
  if (const auto* it = std::get_if<put>(&asked.what))
    return owned_.contains(it->space);
  if (const auto* it = std::get_if<remove_key>(&asked.what))
    return owned_.contains(it->space);
  if (const auto* it = std::get_if<acquire_lock>(&asked.what))
    return owned_.contains(it->space);
  if (const auto* it = std::get_if<release_lock>(&asked.what))
    return owned_.contains(it->space);
  if (const auto* it = std::get_if<end_session>(&asked.what))
    return owned_.contains(it->space);
  if (const auto* it = std::get_if<transact>(&asked.what))
    return owned_.contains(std::get<put_step>(it->then.front()).space);
  return false;
}

const reference_state::decision* reference_state::of(const operation_id& id) const {
  const auto session = sessions_.find(id.client);
  if (session == sessions_.end())
    return nullptr;
  const auto found = session->second.decided.find(id.number);
  return found == session->second.decided.end() ? nullptr : &found->second;
}

bool reference_state::held(const key& of, log_index index, const change& seen) const {
  const auto found = values_.find(of);
  if (found == values_.end())
    return !seen.value;
  const auto there = in_effect(found->second, index);
  return there == found->second.end() ? !seen.value : same(*there, seen);
}

std::optional<log_index> reference_state::first_held(const key& of, log_index from,
                                                     const change& seen) const {
  if (from > applied_)
    return std::nullopt;
  if (held(of, from, seen))
    return from;
  const auto found = values_.find(of);
  if (found == values_.end())
    return std::nullopt;
  const auto& changes = found->second;
  auto later = std::upper_bound(
    changes.begin(), changes.end(), from,
    [](log_index wanted, const change& item) { return wanted < item.since; });
  later = std::find_if(later, changes.end(),
                       [&](const change& item) { return same(item, seen); });
  return later == changes.end() ? std::nullopt : std::optional{later->since};
}

std::vector<reference_state::told_change>
reference_state::changes_between(space_id space, watch_position from,
                                 watch_position to) const {
  std::vector<told_change> all;
  for (auto entry = told_.lower_bound(from.index); entry != told_.end(); ++entry) {
    watch_position at{entry->first, 0};
    for (const auto& [which, value] : entry->second) {
      if (which.second.first == space && at >= from && at < to)
        all.push_back({which.first, which.second, value});
      ++at.ordinal;
    }
  }
  return all;
}

std::vector<std::string> reference_state::keys_of(space_id space) const {
  std::vector<std::string> keys;
  for (auto place = values_.lower_bound({space, ""});
       place != values_.end() && place->first.first == space; ++place)
    keys.push_back(place->first.second);
  return keys;
}

} // namespace present::simulation
