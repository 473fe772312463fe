#pragma once

#include "actors/partition/mutant.hpp"
#include "actors/transaction/mutant.hpp"

#include <string_view>
#include <variant>
#include <vector>

namespace present::simulation::cluster {

using any_mutant = std::variant<partition::mutant, transaction::mutant>;

struct mutant_row {
  any_mutant defect;
  std::string_view name;
  std::string_view rule; ///< of PROTOCOL.md
};

/// Defects of transactions over several partitions, which the level below doesn't have, and
/// which clients of whole nodes have to notice. Others are shown there or by tests of their
/// own.
inline const std::vector<mutant_row> mutants{
  {partition::mutant::ignore_fencing_token, "ignore_fencing_token", "P14"},
  {partition::mutant::prepare_unfenced, "prepare_unfenced", "P14"},
  {partition::mutant::trust_old_findings, "trust_old_findings", "P1"},
  {partition::mutant::merge_takes_written, "merge_takes_written", "C1"},
  {partition::mutant::skip_read_validation, "skip_read_validation", "P12"},
  {partition::mutant::ignore_locks, "ignore_locks", "P11"},
  {partition::mutant::forget_range_locks, "forget_range_locks", "P11"},
  {partition::mutant::forget_compared, "forget_compared", "P7"},
  {transaction::mutant::decide_before_all_prepared, "decide_before_all_prepared", "P7"},
  {transaction::mutant::abort_without_push, "abort_without_push", "P8"},
};

} // namespace present::simulation::cluster
