#include "actors/partition/lock_table.hpp"

#include "actors/partition/mutant.hpp"
#include "runtime/base/check.hpp"

#include <algorithm>

namespace present::partition {

namespace {

operation_id id_of(const storage::prepared_record& what) {
  return {what.client, what.number};
}

bool touches(const storage::key_range& range, space_id space, const std::string& key) {
  return range.space == space && range.contains(key) && !mutated(mutant::forget_range_locks);
}

} // namespace

transaction_terms terms_of(const storage::prepared_record& what) {
  return {id_of(what), {what.home.space, what.home.key}, what.start, what.deadline};
}

void lock_table::insert(storage::prepared_record what) {
  const auto id = id_of(what);
  each_write_of(what, [&](const storage::key_name& where) {
    check(writes_.emplace(where, id).first->second == id, "K2: two write locks on one key");
  });
  for (const auto& read : what.reads)
    reads_.emplace(read, id);
  for (const auto& range : what.ranges)
    ranges_.emplace_back(range, id);
  if (what.fence && !mutated(mutant::forget_fence_locks))
    fences_[what.fence->lock].emplace(what.fence->token, id);
  prepared_.emplace(id, std::move(what));
}

std::optional<storage::prepared_record> lock_table::take(const operation_id& transaction) {
  const auto found = prepared_.find(transaction);
  if (found == prepared_.end())
    return std::nullopt;
  auto what = std::move(found->second);
  prepared_.erase(found);
  ++releases_;
  each_write_of(what, [&](const storage::key_name& where) { writes_.erase(where); });
  erase_reads(what, transaction);
  erase_fence(what, transaction);
  return what;
}

void lock_table::erase_reads(const storage::prepared_record& what, const operation_id& by) {
  for (const auto& read : what.reads) {
    auto [place, end] = reads_.equal_range(read);
    while (place != end && place->second != by)
      ++place;
    if (place != end)
      reads_.erase(place);
  }
  std::erase_if(ranges_, [&](const auto& one) { return one.second == by; });
}

void lock_table::erase_fence(const storage::prepared_record& what, const operation_id& by) {
  if (!what.fence)
    return;
  const auto found = fences_.find(what.fence->lock);
  if (found == fences_.end())
    return;
  found->second.erase({what.fence->token, by});
  if (found->second.empty())
    fences_.erase(found);
  fences_left_.push_back(what.fence->lock);
}

lock_table::holder lock_table::find(const operation_id& transaction) const {
  const auto found = prepared_.find(transaction);
  return found == prepared_.end() ? nullptr : &found->second;
}

lock_table::holder lock_table::writer_of(space_id space, const std::string& key) const {
  if (is_empty())
    return nullptr;
  const auto found = writes_.find({space, key});
  return found == writes_.end() ? nullptr : find(found->second);
}

lock_table::holder lock_table::writer_in(space_id space, const std::string& first,
                                         const std::string& last) const {
  if (is_empty())
    return nullptr;
  const auto found = writes_.lower_bound({space, first});
  const bool inside = found != writes_.end() && found->first.space == space
                      && (last.empty() || found->first.key < last);
  return inside ? find(found->second) : nullptr;
}

lock_table::holder lock_table::user_of(space_id space, const std::string& key) const {
  if (is_empty())
    return nullptr;
  if (const auto* writer = writer_of(space, key))
    return writer;
  if (const auto read = reads_.find({space, key}); read != reads_.end())
    return find(read->second);
  const auto range = std::find_if(ranges_.begin(), ranges_.end(), [&](const auto& one) {
    return touches(one.first, space, key);
  });
  return range == ranges_.end() ? nullptr : find(range->second);
}

lock_table::holder lock_table::relying_on(const storage::key_name& lock, hlc_stamp token) const {
  if (fences_.empty())
    return nullptr;
  const auto found = fences_.find(lock);
  if (found == fences_.end() || found->second.begin()->first >= token)
    return nullptr;
  return find(found->second.begin()->second);
}

lock_table::holder lock_table::in_the_way_of(const transact& what) const {
  if (is_empty())
    return nullptr;
  holder found = nullptr;
  const auto meet = [&](holder who) { found = found ? found : who; };
  visit_places(
    what, [&](space_id space, const std::string& key) { meet(writer_of(space, key)); },
    [&](space_id space, const std::string& first, const std::string& last) {
      meet(writer_in(space, first, last));
    });
  for (const auto* branch : {&what.then, &what.otherwise})
    for (const auto& each : *branch)
      if (is_write(each))
        std::visit(
          [&](const auto& one) {
            if constexpr (requires { one.key; })
              meet(user_of(one.space, one.key));
          },
          each);
  return found;
}

} // namespace present::partition
