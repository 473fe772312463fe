#pragma once

#include "tools/present/child_process.hpp"
#include "tools/present/fault_injector.hpp"

#include <optional>

/// Faults of node processes, by signals.
namespace present::tools {

/// SIGKILL. `up` starts the node again at once; without one running it is refused.
class kill_fault final : public fault {
public:
  result<std::string> inject(const fault_order& order, const fault_scene& scene) override;
  bool heal() override { return ended_; }

private:
  bool ended_ = false;
};

/// SIGSTOP, later SIGCONT.
class pause_fault final : public fault {
public:
  result<std::string> inject(const fault_order& order, const fault_scene& scene) override;
  bool heal() override;

private:
  pid_t victim_ = 0;
  bool stood_still_ = false;
};

/// The node is killed and runs meanwhile under libfaketime, with another wall clock
/// and the same monotonic one; then it is killed again and given back.
class skew_fault final : public fault {
public:
  explicit skew_fault(std::filesystem::path data) : data_(std::move(data)) {}

  result<std::string> inject(const fault_order& order, const fault_scene& scene) override;
  bool heal() override;

  /// Empty if Debian's package libfaketime isn't there.
  static std::filesystem::path library();

private:
  status run_verb(const char* verb) const;

  const std::filesystem::path data_;
  node_id victim_;
  std::optional<child_process> skewed_;
};

} // namespace present::tools
