#include "actors/partition/value_history.hpp"

#include "actors/partition/mutant.hpp"
#include "actors/partition/sound_state.hpp"
#include "runtime/base/bounds.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace present::partition {

using storage::record_key;
using storage::record_kind;
using storage::value_record;

namespace {

/// How many tombstones an entry takes along; each goes with at most
/// bounds::max_versions_kept past values.
constexpr std::size_t tombstones_per_entry = 20;

constexpr hlc_stamp newest{std::numeric_limits<std::uint64_t>::max()};

/// Above all tombstones that are due at `latest`.
record_key end_of_due(hlc_stamp latest) {
  const auto ms = latest.wall_ms();
  const auto due = ms > bounds::tombstone_lifetime_ms ? ms - bounds::tombstone_lifetime_ms : 0;
  return record_key::tombstone(hlc_stamp::of(due, 0), {}, "");
}

} // namespace

value_history::value_history(storage::state& table) : table_(table) {
  table_.keep_values_with(this);
}

std::uint32_t value_history::versions_of(space_id space) const {
  if (versions_.empty())
    return 1;
  const auto found = versions_.find(space);
  return found == versions_.end() ? 1 : found->second;
}

void value_history::before_put(const record_key& key, value_record& value) {
  if (value.tombstone) {
    table_.put(record_key::tombstone(value.version, key.space(), key.user_key()),
               storage::tombstone_record{});
    oldest_tombstone_ = std::min(oldest_tombstone_.value_or(value.version), value.version);
  }
  const auto kept = versions_of(key.space());
  if (kept < 2)
    return;
  auto found = table_.get_as<value_record>(key);
  auto& there = sound(found);
  value.is_first = !there;
  if (!there)
    return;
  // Twice with one stamp, as a transaction's parts may: the first was never to be seen.
  if (there->version == value.version) {
    value.is_first = there->is_first;
    return;
  }
  table_.put(record_key::past_value(key.space(), key.user_key(), there->version),
             storage::past_value_record{*there});
  prune(key, kept - 1);
}

void value_history::prune(const record_key& key, std::size_t most) {
  std::vector<record_key> gone;
  std::size_t count = 0;
  auto visited
    = table_.visit(record_key::past_value(key.space(), key.user_key(), newest),
                   record_key::end_of_past(key.space(), key.user_key()), [&](storage::row&& row) {
                     if (++count > most)
                       gone.push_back(std::move(row.key));
                     return true;
                   });
  sound(visited);
  for (auto& each : gone)
    table_.erase(std::move(each));
}

// -- reading -------------------------------------------------------------------------

result<value_history::past> value_history::at(const record_key& key,
                                              const std::optional<value_record>& now,
                                              hlc_stamp stamp) const {
  const auto as_past = [](const value_record& was) {
    return past{true, was.tombstone ? std::nullopt : std::optional{was}};
  };
  if (now && now->version <= stamp)
    return as_past(*now);
  bool was_absent_before = !now || now->is_first;
  std::optional<past> found;
  if (now) {
    const auto visited
      = table_.visit(record_key::past_value(key.space(), key.user_key(), newest),
                     record_key::end_of_past(key.space(), key.user_key()),
                     [&](storage::row&& row) {
                       const auto& was = std::get<storage::past_value_record>(row.what).was;
                       was_absent_before = was.is_first;
                       if (was.version <= stamp)
                         found = as_past(was);
                       return !found;
                     });
    if (!visited)
      return visited.problem();
  }
  if (found)
    return *found;
  const bool is_known = (was_absent_before && stamp >= collected_) || mutated(mutant::forget_horizon);
  return past{is_known, std::nullopt};
}

// -- collecting (P3) -------------------------------------------------------------------

void value_history::collect(hlc_stamp latest) {
  const auto end = end_of_due(latest);
  if (!oldest_tombstone_ || record_key::tombstone(*oldest_tombstone_, {}, "") >= end)
    return;
  auto found = table_.scan(record_key::start_of(record_kind::tombstone), end, tombstones_per_entry);
  for (auto& mark : sound(found)) {
    const auto space = mark.key.space();
    const std::string key{mark.key.user_key()};
    collected_ = std::max(collected_, mark.key.version());
    auto there = table_.get_as<value_record>(record_key::value(space, key));
    if (auto& value = sound(there);
        value && value->tombstone && value->version == mark.key.version()) {
      table_.erase(record_key::value(space, key));
      erase_past(space, key);
    }
    table_.erase(std::move(mark.key));
  }
  find_oldest_tombstone();
}

void value_history::erase_past(space_id space, std::string_view key) {
  auto found = table_.scan(record_key::past_value(space, key, newest),
                           record_key::end_of_past(space, key), bounds::max_versions_kept);
  for (auto& each : sound(found))
    table_.erase(std::move(each.key));
}

void value_history::find_oldest_tombstone() {
  auto found = table_.scan(record_key::start_of(record_kind::tombstone),
                           record_key::end_of(record_kind::tombstone), 1);
  const auto& first = sound(found);
  oldest_tombstone_ = first.empty() ? std::nullopt : std::optional{first.front().key.version()};
}

void value_history::restore(hlc_stamp collected) {
  collected_ = collected;
  find_oldest_tombstone();
}

} // namespace present::partition
