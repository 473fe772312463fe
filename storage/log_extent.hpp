#pragma once

#include "storage/journal_store.hpp"

/// From where to where a partition's log goes, and what a write makes of it: the
/// rules J2 and J3, once for the journal on disk and for its twin. std only.
namespace present::storage {

struct log_extent {
  raft::log_position base;     ///< of the mark: the log starts right after
  raft::log_position tail;     ///< of the last entry; `base` if there is none
  raft::log_position promised; ///< J3; zero: nothing is missing

  friend bool operator==(const log_extent&, const log_extent&) = default;
};

/// Whether the write moves the mark.
bool moves_base(const log_extent& log, const journal_write& write);

/// The extent after the write. `invalid` if the write breaks J2.
result<log_extent> extend(log_extent log, const journal_write& write);

/// The extent of a log that was found to be readable up to `intact` only.
log_extent cut_back(log_extent log, const raft::log_position& intact);

/// The extent of a log that was thrown away, which had come this far.
log_extent emptied(const log_extent& log);

/// "partition 3", for messages.
std::string name_of(partition_id partition);

/// What `journal_store::load` says of an index that the mark has passed.
error behind_mark(partition_id partition, log_index wanted, log_index mark);

/// J4's answer to any write after the failed one.
error refused_after_failure();

} // namespace present::storage
