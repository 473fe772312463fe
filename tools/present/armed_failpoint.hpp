#pragma once

#include "runtime/base/error.hpp"
#include "runtime/base/failpoint.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace present::tools {

/// For tests (FAULTS 3, 16): ends this process as kill -9 does, when a failpoint is reached
/// for the N-th time. There is at most one in a process, and it is told so on stderr.
class armed_failpoint final : failpoints::listener {
public:
  /// "NAME" or "NAME:N", as in the environment variable PRESENT_FAILPOINT; `invalid` if
  /// there is no such point.
  static result<std::unique_ptr<armed_failpoint>> arm(std::string_view wanted);
  ~armed_failpoint() override;
  armed_failpoint(const armed_failpoint&) = delete;
  armed_failpoint& operator=(const armed_failpoint&) = delete;

private:
  armed_failpoint(std::string name, std::uint64_t times);
  void on_reached(std::string_view name) override;

  const std::string name_;
  std::atomic<std::uint64_t> left_;
};

} // namespace present::tools
