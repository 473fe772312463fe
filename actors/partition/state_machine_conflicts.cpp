#include "actors/partition/answers.hpp"
#include "actors/partition/sound_state.hpp"
#include "actors/partition/state_machine.hpp"

#include <algorithm>
#include <map>

/// The state machine's part in conflicts (A8): what a space's rules say, what waits for
/// somebody.
namespace present::partition {

using storage::record_key;

const storage::space_settings* state_machine::settings_of(space_id space) const {
  return rules_of(spaces_, space);
}

/// As many of each key as its space says.
void state_machine::keep_versions() {
  std::map<space_id, std::uint32_t> versions;
  for (const auto& one : spaces_)
    if (one.settings.versions_kept > 1)
      versions[one.space] = one.settings.versions_kept;
  history_->keep(std::move(versions));
}

answer state_machine::contest(space_id space, const condition& when,
                              const contested_write& asked) {
  auto found = table_.get_as<storage::value_record>(record_key::value(space, asked.key));
  const auto& there = sound(found);
  if (auto refused = refusal_by(when, there))
    return *refused;
  static const storage::space_settings by_default;
  const auto* settings = settings_of(space);
  const auto& rules = settings ? *settings : by_default;
  conflict::partition_times times{latest_, {}};
  if (rules.closes_after_ms != 0 && asked.stamp.wall_ms() > rules.closes_after_ms)
    times.closed = hlc_stamp::of(asked.stamp.wall_ms() - rules.closes_after_ms, 0);
  return carry_out(space, asked.key, settle(rules, asked, there, times));
}

answer state_machine::carry_out(space_id space, std::string_view key, settled_write done) {
  if (done.escalated)
    if (auto refused = keep_escalated(space, key, std::move(*done.escalated)))
      return *refused;
  if (done.written)
    table_.put(record_key::value(space, key), std::move(*done.written));
  return std::move(done.given);
}

/// The refusal, if too many wait.
std::optional<answer> state_machine::keep_escalated(space_id space, std::string_view key,
                                                    storage::escalated_write what) {
  auto where = record_key::escalation(space, key);
  auto found = table_.get_as<storage::escalation_record>(where);
  auto record = sound(found).value_or(storage::escalation_record{});
  std::size_t bytes = what.bytes ? what.bytes->size() : 0;
  for (const auto& each : record.writes)
    bytes += each.bytes ? each.bytes->size() : 0;
  if (record.writes.size() >= max_escalated || bytes > max_escalated_bytes) {
    auto given = conflict_answer(std::to_string(record.writes.size())
                                   + " writes of this key wait for a decision already: no more "
                                     "is taken until one of them is settled",
                                 what.current);
    given.conflict = conflict::note{conflict::conflict_kind::write_write,
                                    conflict::outcome_kind::refuse};
    return given;
  }
  record.writes.push_back(std::move(what));
  table_.put(std::move(where), std::move(record));
  return std::nullopt;
}

answer state_machine::apply_what(const settle_escalation& asked, hlc_stamp stamp) {
  auto where = record_key::escalation(asked.space, asked.key);
  auto found = table_.get_as<storage::escalation_record>(where);
  auto record = sound(found).value_or(storage::escalation_record{});
  const auto place
    = std::find_if(record.writes.begin(), record.writes.end(),
                   [&](const auto& one) { return one.stamp == asked.write; });
  if (place == record.writes.end())
    return refused_answer(error_code::not_found,
                          "nothing waits as " + std::to_string(asked.write.value)
                            + " for a decision on '" + asked.key + "'");
  const auto chosen = *place;
  answer given = applied_answer(stamp);
  if (asked.accept) {
    // Whoever decides has seen what is there: only what can't be undone still counts.
    const auto* settings = settings_of(asked.space);
    storage::space_settings rules;
    if (settings && joins_all(*settings))
      rules.conflicts = settings->conflicts;
    auto there = table_.get_as<storage::value_record>(record_key::value(asked.space, asked.key));
    const write_context knows;
    given = carry_out(asked.space, asked.key,
                      settle(rules, {asked.key, chosen.tombstone, chosen.bytes, knows, stamp},
                             sound(there), {latest_, {}}));
    if (given.code != error_code::ok && given.code != error_code::not_found)
      return given;
  }
  record.writes.erase(place);
  if (record.writes.empty())
    table_.erase(std::move(where));
  else
    table_.put(std::move(where), std::move(record));
  return given;
}

/// Of a range: keys, and what waits of each.
answer state_machine::read_escalated(const scan& asked) const {
  const auto limit = asked.limit ? asked.limit : bounds::max_scan_page;
  const auto last = asked.last.empty() ? record_key::end_of_escalations(asked.space)
                                       : record_key::escalation(asked.space, asked.last);
  answer given;
  std::size_t bytes = 0;
  const auto visited = table_.visit(
    record_key::escalation(asked.space, asked.first), last, [&](storage::row&& row) {
      if (given.escalated.size() >= limit || bytes > bounds::max_request / 2) {
        given.more = true;
        return false;
      }
      auto& writes = std::get<storage::escalation_record>(row.what).writes;
      for (auto& each : writes) {
        bytes += each.bytes ? each.bytes->size() : 0;
        if (asked.keys_only)
          each.bytes = nullptr;
      }
      given.escalated.push_back({std::string{row.key.user_key()}, std::move(writes)});
      return true;
    });
  if (!visited)
    return refused_answer(visited.problem().code, visited.problem().message);
  return given;
}

} // namespace present::partition
