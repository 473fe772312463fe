#pragma once

#include "actors/membership/cluster_map.hpp"
#include "actors/partition/operation.hpp"
#include "actors/partition/transaction_parts.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <vector>

/// Who has to do what of a transaction over several partitions. Pure: it depends on the
/// operation and the map alone, so whoever makes it for a retry makes the same.
namespace present {

/// What another partition than home is to do of it.
struct other_part {
  anchor where;
  transact what;
  branch_places places = {};
};

struct transaction_plan {
  operation asked; ///< the client's: its id, and what its session goes by
  transaction_terms terms;
  transact home_part;
  branch_places home_places = {};
  std::vector<other_part> others = {};
  bool compares = false; ///< which branch is taken, home says
};

/// The transaction's deadline is the operation's `retry_until`: the same whoever
/// coordinates it, so that one can't go on where another was given up (P9). Of an operation
/// with a name each deadline makes a transaction of its own. `now` is
/// its start if it says none. `wrong_partition` if by this map `home` has nothing of it;
/// `invalid` if it can't be cut.
result<transaction_plan> plan_of(const operation& asked, partition_id home,
                                 const cluster_map& map, hlc_stamp now);

/// Of the steps of the others, `prepared` in their parts' order, for the decision.
struct prepared_results {
  const other_part* part = nullptr;
  hlc_stamp stamp; ///< at which it prepared
  storage::step_results steps;
  std::shared_ptr<const storage::other_branch> branch = {}; ///< of one that compares
};
/// What home is asked to decide, of parts that have all prepared.
decide decision_of(const transaction_plan& plan, const std::vector<prepared_results>& prepared);

/// The results of all steps, in their order: `home`'s own and those gathered, as of the
/// decision's stamp (P22). Null if each of them wrote.
storage::step_results results_of_all(const results_elsewhere& gathered,
                                     const storage::step_results& home, hlc_stamp decision);

} // namespace present
