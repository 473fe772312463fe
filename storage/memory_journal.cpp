#include "storage/memory_journal.hpp"

#include <algorithm>
#include <utility>

namespace present::storage {

result<std::vector<partition_id>> memory_journal::partitions() const {
  std::vector<partition_id> all;
  for (const auto& [partition, log] : seen_.logs)
    all.push_back(partition);
  return all;
}

result<raft::recovered_state>
memory_journal::recover(partition_id partition) {
  chains_.erase(partition);
  const auto place = seen_.logs.find(partition);
  if (place == seen_.logs.end())
    return raft::recovered_state{};
  auto& log = place->second;
  raft::recovered_state found{log.hard, log.mark};
  raft::log_position intact = log.extent.base;
  for (const auto& [index, entry] : log.entries) {
    if (index > log.extent.tail.index || log.damaged.contains(index))
      break;
    found.entries.push_back(entry);
    intact = {index, entry.at_term};
  }
  log.extent = cut_back(log.extent, intact);
  found.promised = log.extent.promised;
  return found;
}

result<std::vector<raft::witnessed>> memory_journal::witnesses(partition_id partition) const {
  const auto* log = find(partition);
  return log ? log->witnesses : std::vector<raft::witnessed>{};
}

std::vector<status> memory_journal::append(std::span<const journal_write> batch) {
  auto judged = admit(batch, chains_, [&](partition_id partition) -> result<log_extent> {
    return extent_of(partition);
  });
  std::vector<extended_write> writes;
  for (const auto& step : judged.steps)
    writes.push_back({batch[step.place], step.after});
  settle(judged, writes.empty() ? success() : commit_now(std::move(writes)), chains_);
  return std::move(judged.answers);
}

result<std::vector<raft::entry>>
memory_journal::load(partition_id partition, log_index first,
                     std::uint64_t max_bytes) const {
  std::vector<raft::entry> found;
  const auto* log = find(partition);
  if (!log)
    return found;
  if (first <= log->mark.index)
    return behind_mark(partition, first, log->mark.index);
  std::uint64_t bytes = 0;
  for (auto place = log->entries.lower_bound(first);
       place != log->entries.end() && place->first <= log->extent.tail.index
       && (found.empty() || bytes < max_bytes);
       ++place) {
    if (log->damaged.contains(place->first)) {
      if (found.empty())
        return make_error(error_code::damaged,
                          name_of(partition) + ": the entry at index "
                            + std::to_string(first.value)
                            + " fails its check");
      break;
    }
    found.push_back(place->second);
    bytes += place->second.payload ? place->second.payload->size() : 0;
  }
  return found;
}

result<log_scrub_report> memory_journal::scrub(partition_id partition, log_index from,
                                               std::uint64_t max_bytes) const {
  log_scrub_report report;
  const auto* log = find(partition);
  if (!log)
    return report;
  const auto& extent = log->extent;
  auto index = std::max(from, next(extent.base.index));
  for (std::uint64_t bytes = 0; index <= extent.tail.index && bytes < max_bytes;
       index = next(index)) {
    const auto entry = log->entries.find(index);
    const bool there = entry != log->entries.end();
    if (!there || log->damaged.contains(index))
      report.damaged.push_back(index);
    bytes += there && entry->second.payload ? entry->second.payload->size() : 1;
  }
  if (index <= extent.tail.index)
    report.next = index;
  return report;
}

status memory_journal::leave(partition_id partition) {
  if (!find(partition))
    return success();
  status done = commit_now(left_partition{partition});
  if (done)
    chains_.erase(partition);
  return done;
}

status memory_journal::write_map(const std::string& map) {
  return commit_now(written_map{map});
}

void memory_journal::sync(std::size_t commits) {
  for (; commits > 0 && !pending_.empty(); --commits) {
    apply(durable_, pending_.front());
    pending_.pop_front();
  }
}

void memory_journal::crash(std::size_t survivors) {
  sync(survivors);
  pending_.clear();
  seen_ = durable_;
  chains_.clear();
  failure_.reset();
  refusing_ = false;
  ++identity_.boot;
}

log_extent memory_journal::extent_of(partition_id partition) const {
  const auto* log = find(partition);
  return log ? log->extent : log_extent{};
}

const raft::entry* memory_journal::durable_entry(partition_id partition,
                                                 log_index index) const {
  const auto log = durable_.logs.find(partition);
  if (log == durable_.logs.end())
    return nullptr;
  const auto place = log->second.entries.find(index);
  return place == log->second.entries.end() ? nullptr : &place->second;
}

log_index memory_journal::durable_base(partition_id partition) const {
  const auto log = durable_.logs.find(partition);
  return log == durable_.logs.end() ? log_index{} : log->second.mark.index;
}

bool memory_journal::damage(partition_id partition, log_index index) {
  bool found = false;
  for (auto* disk : {&seen_, &durable_}) {
    const auto place = disk->logs.find(partition);
    if (place == disk->logs.end() || !place->second.entries.contains(index))
      continue;
    place->second.damaged.insert(index);
    found = true;
  }
  return found;
}

void memory_journal::wipe(store_id store) {
  pending_.clear();
  durable_ = {};
  crash();
  identity_.store = store;
  identity_.boot = 1;
}

const memory_journal::partition_log*
memory_journal::find(partition_id partition) const {
  const auto place = seen_.logs.find(partition);
  return place == seen_.logs.end() ? nullptr : &place->second;
}

status memory_journal::commit_now(commit what) {
  if (refusing_)
    return refused_after_failure();
  if (const auto failure = std::exchange(failure_, std::nullopt)) {
    refusing_ = failure->code != error_code::disk_full;
    return *failure;
  }
  apply(seen_, what);
  pending_.push_back(std::move(what));
  return success();
}

void memory_journal::apply(image& disk, const commit& what) {
  if (const auto* gone = std::get_if<left_partition>(&what)) {
    auto& log = disk.logs[gone->partition];
    log = {.hard = log.hard, .extent = emptied(log.extent)};
  } else if (const auto* written = std::get_if<written_map>(&what)) {
    disk.map = written->bytes;
  } else {
    for (const auto& write : std::get<std::vector<extended_write>>(what))
      apply(disk.logs[write.write.partition], write);
  }
}

void memory_journal::apply(partition_log& log, const extended_write& what) {
  const auto& write = what.write;
  log.hard = write.hard;
  if (write.witnesses)
    log.witnesses = *write.witnesses;
  if (write.base && write.base->index > log.mark.index) {
    log.mark = *write.base;
    const auto end = write.drop_tail ? log.entries.end()
                                     : log.entries.upper_bound(log.mark.index);
    log.entries.erase(log.entries.begin(), end);
  }
  if (!write.entries.empty())
    log.entries.erase(log.entries.lower_bound(write.entries.front().index),
                      log.entries.end());
  for (const auto& entry : write.entries)
    log.entries.emplace(entry.index, entry);
  std::erase_if(log.damaged, [&](log_index index) {
    return !log.entries.contains(index)
           || (!write.entries.empty() && index >= write.entries.front().index);
  });
  log.extent = what.after;
}

} // namespace present::storage
