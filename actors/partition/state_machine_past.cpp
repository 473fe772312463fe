#include "actors/partition/answers.hpp"
#include "actors/partition/mutant.hpp"
#include "actors/partition/state_machine.hpp"

#include <algorithm>

/// Reads at a stamp: of a state that has applied at least that (P22).
namespace present::partition {

using storage::record_key;

namespace {

answer too_old_answer(hlc_stamp at) {
  return refused_answer(error_code::too_old,
                        "at: what was there at " + std::to_string(at.value)
                          + " isn't kept any more: the space keeps so many versions of a key, "
                            "and of a deleted key those of a day");
}

answer damaged_answer(const error& why) {
  return refused_answer(why.code, why.code == error_code::damaged
                                    ? why.message + "; repair is under way"
                                    : why.message);
}

} // namespace

/// A transaction that has prepared up to `at` may have been decided by then: it has to be
/// waited for. One that prepared later was decided later (P22).
lock_table::holder state_machine::undecided_at(hlc_stamp at, space_id space,
                                               const std::string& first,
                                               const std::string& last) const {
  if (mutated(mutant::read_past_prepares))
    return nullptr;
  const storage::key_range range{space, first, last};
  for (const auto& [id, prepared] : participant_.locks().all()) {
    bool writes_there = false;
    if (prepared.stamp <= at)
      each_write_of(prepared, [&](const storage::key_name& where) {
        writes_there = writes_there || (where.space == space && range.contains(where.key));
      });
    if (writes_there)
      return &prepared;
  }
  return nullptr;
}

answer state_machine::read_past(const get& asked) const {
  if (const auto* holder = undecided_at(asked.at, asked.space, asked.key, asked.key + '\0'))
    return locked_answer(holder);
  const auto key = record_key::value(asked.space, asked.key);
  const auto now = table_.get_as<storage::value_record>(key);
  if (!now)
    return damaged_answer(now.problem());
  const auto was = history_->at(key, *now, asked.at);
  if (!was)
    return damaged_answer(was.problem());
  if (!was->is_known)
    return too_old_answer(asked.at);
  if (!was->value)
    return not_found_answer(asked.key);
  static const auto empty = std::make_shared<const std::string>();
  auto given = applied_answer(was->value->version);
  given.value = was->value->bytes ? was->value->bytes : empty;
  return given;
}

/// A key whose past isn't known fails the page: without it the page would be another's.
answer state_machine::read_past(const scan& asked) const {
  if (const auto* holder = undecided_at(asked.at, asked.space, asked.first, asked.last))
    return locked_answer(holder);
  if (asked.at < history_->collected())
    return too_old_answer(asked.at);
  const auto limit = asked.limit ? asked.limit : bounds::max_scan_page;
  const auto first = record_key::value(asked.space, asked.first);
  const auto last = asked.last.empty() ? record_key::end_of(asked.space)
                                       : record_key::value(asked.space, asked.last);
  answer given;
  std::optional<answer> refused;
  std::size_t bytes = 0;
  const auto visited = table_.visit(first, last, [&](storage::row&& row) {
    const auto was
      = history_->at(row.key, std::get<storage::value_record>(row.what), asked.at);
    if (!was || !was->is_known) {
      refused = was ? too_old_answer(asked.at) : damaged_answer(was.problem());
      return false;
    }
    if (!was->value)
      return true;
    given.more = given.rows.size() >= limit || bytes > bounds::max_request / 2;
    if (given.more)
      return false;
    bytes += row.key.user_key().size() + (asked.keys_only ? 0 : was->value->view().size());
    given.rows.push_back({std::string{row.key.user_key()}, was->value->version,
                          asked.keys_only ? nullptr : was->value->bytes});
    return true;
  });
  if (!visited)
    return damaged_answer(visited.problem());
  return refused ? *refused : given;
}

} // namespace present::partition
