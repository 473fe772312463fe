#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/ids.hpp"
#include "tools/present/cluster_file.hpp"
#include "tools/present/workload_plan.hpp"
#include "tools/present/workload_report.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Does to a local cluster, while it runs, what a schedule says.
namespace present::tools {

/// The cluster at the moment of a fault.
struct fault_scene {
  cluster_file cluster;
  node_id victim; ///< runs
};

/// One way to do harm. Injected and healed in turns.
class fault {
public:
  virtual ~fault() = default;

  /// What was done, in one sentence; or why it can't be.
  virtual result<std::string> inject(const fault_order& order, const fault_scene& scene) = 0;

  /// Undoes it; whether it had had an effect.
  virtual bool heal() = 0;
};

using fault_set = std::map<fault_kind, std::unique_ptr<fault>>;

/// quiet ──due──▶ held ──due──▶ quiet
///
/// I1  One fault at a time, and none is left when this is destroyed.
/// I2  A fault counts as effective only if it says so.
///
/// Not thread-safe. Time comes with each call.
class fault_injector {
public:
  /// `find_leaders`: the nodes that lead a partition now; empty if nobody says.
  struct surroundings {
    std::filesystem::path data;
    std::function<std::vector<node_id>()> find_leaders;
  };

  fault_injector(fault_schedule schedule, fault_set faults, surroundings where, time_ms now);
  ~fault_injector();
  fault_injector(const fault_injector&) = delete;
  fault_injector& operator=(const fault_injector&) = delete;

  /// Does what is due; what it did, in words, empty if nothing.
  std::string tick(time_ms now);
  time_ms next_due() const { return due_; }

  /// Heals what is held.
  void finish();

  const std::map<std::string, fault_count>& counts() const { return counts_; }

private:
  std::string inject(time_ms now);
  std::string heal(time_ms now);
  result<fault_scene> look() const;

  fault_schedule schedule_;
  fault_set faults_;
  surroundings where_;
  fault_order order_;
  fault* held_ = nullptr;
  time_ms due_ = 0;
  std::map<std::string, fault_count> counts_;
};

} // namespace present::tools
