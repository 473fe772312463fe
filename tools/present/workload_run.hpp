#pragma once

#include "tools/histories/operation.hpp"
#include "tools/present/program.hpp"
#include "tools/present/signal_wait.hpp"
#include "tools/present/transaction_client.hpp"
#include "tools/present/workload_plan.hpp"
#include "tools/present/workload_report.hpp"

#include <string>
#include <vector>

namespace present::tools {

struct workload_options {
  workload_plan plan;
  std::string kind_name;
  std::uint32_t seconds = 10;
  std::uint64_t pieces = 0; ///< data partitions with keys; 0: all
  std::vector<fault_kind> faults;
};

struct workload_outcome {
  workload_figures figures;
  std::vector<histories::operation> history; ///< in the order of calls
  std::uint64_t ended_ns = 0;                ///< the faults' end; only reads after it
  transaction_records transactions;          ///< of kinds that have some
  histories::bank accounts;                  ///< bank
  /// All keys could be read and written in one transaction after the faults.
  bool all_unlocked = true;
};

/// Clients on a space of their own for so long, while faults come and go; then, with
/// all healed, each key is read once more. A signal ends it early. Errors: the cluster
/// can't be reached, a fault can't be done here.
result<workload_outcome> run_workload(const context& with, const workload_options& options,
                                      signal_wait& signals);

} // namespace present::tools
