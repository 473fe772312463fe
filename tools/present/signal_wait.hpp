#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace present::tools {

/// Signals as things to wait for instead of interruptions. Made before the
/// process has a second thread: threads inherit what is blocked.
class signal_wait {
public:
  /// Blocks these signals from now on, until the process ends.
  explicit signal_wait(const std::vector<int>& signals);
  signal_wait(const signal_wait&) = delete;
  signal_wait& operator=(const signal_wait&) = delete;
  ~signal_wait();

  /// The next signal; empty if a file became readable or the time is over.
  std::optional<int> wait(const std::vector<int>& files, std::uint64_t timeout_ms);

private:
  int file_;
};

} // namespace present::tools
