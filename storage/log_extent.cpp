#include "storage/log_extent.hpp"

#include "storage/mutant.hpp"

#include <utility>

namespace present::storage {

namespace {

std::string text(log_index index) {
  return std::to_string(index.value);
}

error gap(partition_id partition, const std::string& what) {
  return make_error(error_code::invalid,
                    "J2: " + name_of(partition) + ": " + what);
}

status check_entries(const log_extent& log, const journal_write& write) {
  const auto first = write.entries.front().index;
  if (first <= log.base.index || first > next(log.tail.index))
    return gap(write.partition, "entries from index " + text(first)
                                  + " don't fit a log from "
                                  + text(next(log.base.index)) + " to "
                                  + text(log.tail.index));
  auto expected = first;
  for (const auto& entry : write.entries) {
    if (entry.index != expected)
      return gap(write.partition, "index " + text(entry.index) + " follows "
                                    + text(previous(expected)));
    expected = next(expected);
  }
  return success();
}

} // namespace

bool moves_base(const log_extent& log, const journal_write& write) {
  return write.base && write.base->index > log.base.index;
}

result<log_extent> extend(log_extent log, const journal_write& write) {
  if (moves_base(log, write)) {
    log.base = {write.base->index, write.base->at_term};
    if (write.drop_tail || log.tail.index <= log.base.index)
      log.tail = log.base;
  }
  if (!write.entries.empty()) {
    if (status ok = check_entries(log, write); !ok)
      return ok.problem();
    log.tail = {write.entries.back().index, write.entries.back().at_term};
  }
  if (is_up_to_date(log.tail, log.promised))
    log.promised = {};
  return log;
}

log_extent cut_back(log_extent log, const raft::log_position& intact) {
  if (intact.index >= log.tail.index)
    return log;
  if (is_up_to_date(log.tail, log.promised) && !mutated(mutant::torn_tail))
    log.promised = log.tail;
  log.tail = intact;
  return log;
}

log_extent emptied(const log_extent& log) {
  if (mutated(mutant::forget_word))
    return {};
  return {{}, {}, is_up_to_date(log.tail, log.promised) ? log.tail : log.promised};
}

std::string name_of(partition_id partition) {
  return "partition " + std::to_string(partition.value);
}

error behind_mark(partition_id partition, log_index wanted, log_index mark) {
  return make_error(error_code::too_old,
                    name_of(partition) + ": index " + text(wanted)
                      + " is at or below the mark " + text(mark));
}

error refused_after_failure() {
  return make_error(error_code::damaged,
                    "the journal refuses writes since a commit failed: close "
                    "it, and rebuild from what the disk proves to hold");
}

} // namespace present::storage
