#pragma once

#include "tools/histories/bank.hpp"
#include "tools/histories/judge.hpp"
#include "tools/present/output.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// What a workload says of itself. Pure.
namespace present::tools {

struct fault_count {
  std::uint64_t injected = 0;
  /// Those that had an effect: a fault that met nothing proves nothing.
  std::uint64_t effective = 0;
};

struct workload_figures {
  std::string kind;
  std::uint32_t clients = 0;
  std::uint64_t elapsed_ns = 0;
  std::uint64_t seed = 0;
  std::map<std::string, std::uint64_t> failed; ///< without effect, by error
  std::map<std::string, fault_count> faults;   ///< by name
  std::string history_file;                    ///< empty: not kept
};

/// The longest time in which no operation succeeded, from the first success to
/// `ended_ns`.
std::uint64_t longest_stall_ns(const std::vector<histories::operation>& history,
                               std::uint64_t ended_ns);

json to_json(const workload_figures& figures,
             const std::vector<histories::operation>& history, std::uint64_t ended_ns,
             const histories::verdict& judged);

/// Of transactions: `verdict` is theirs (transaction_report.hpp).
struct transaction_counts {
  std::uint64_t committed = 0;
  std::uint64_t unknown = 0;
  bool all_unlocked = true; ///< nothing was locked for good
};
json to_json(const workload_figures& figures, const transaction_counts& counts, json verdict);
/// The bank's.
json to_json(const histories::bank_verdict& judged);

/// The same for people.
std::string to_text(const json& report);

/// The verdict's part of the report, also for a history from a file.
json to_json(const histories::verdict& judged);

} // namespace present::tools
