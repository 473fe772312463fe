#pragma once

#include "storage/log_extent.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <vector>

/// Which writes of a group commit may be carried out, judged before any byte is
/// written: the rules J2 and J5, once for the journal on disk and for its twin.
/// std only.
namespace present::storage {

/// How far a partition's writes got since it was recovered.
struct write_chain {
  std::uint64_t last_good = 0;
  error_code broken_by = error_code::ok; ///< what the write behind it failed of
};
using write_chains = std::map<partition_id, write_chain>;

struct admitted_batch {
  struct step {
    std::size_t place; ///< in the batch
    log_extent before;
    log_extent after;
  };
  std::vector<status> answers; ///< by place: success is "admitted"
  std::vector<step> steps;     ///< what is to be carried out, in order
  std::map<partition_id, log_extent> extents; ///< as the last step leaves them
  write_chains chains; ///< of the partitions that write
};

using extent_reader = std::function<result<log_extent>(partition_id)>;

/// A write that is refused takes with it what follows it, and nothing else.
admitted_batch admit(std::span<const journal_write> batch,
                     const write_chains& chains, const extent_reader& extent_of);

/// What came of the commit: all that was admitted is there, or none of it (J1).
void settle(admitted_batch& batch, const status& committed, write_chains& chains);

} // namespace present::storage
