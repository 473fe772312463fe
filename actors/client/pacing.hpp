#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/base/splitmix64.hpp"

#include <algorithm>
#include <cstdint>

namespace present::client {

/// How long a client waits before its next try. All chance comes from the seed,
/// so a run can be repeated.
class pacing {
public:
  struct settings {
    std::uint64_t seed = 0;
    std::uint32_t backoff_base_ms = 10;
    std::uint32_t backoff_cap_ms = 1000;
  };

  explicit pacing(const settings& options) : options_(options), chance_(options.seed) {}

  /// Before counted retry `retry` (0 is the first): base · 2^retry up to the cap,
  /// full jitter, so that clients that were refused together don't come back
  /// together.
  time_ms backoff(std::uint32_t retry) {
    const auto doubled = std::uint64_t{options_.backoff_base_ms} << std::min(retry, 32U);
    return below(std::min<std::uint64_t>(doubled, options_.backoff_cap_ms));
  }

  /// Before the uncounted try after `redirects` others: short, since it waits for
  /// an election, or for a node to hear of one.
  time_ms detour(std::uint32_t redirects) {
    constexpr std::uint64_t cap_ms = 40;
    return below(std::min<std::uint64_t>(std::uint64_t{2} << std::min(redirects, 5U), cap_ms));
  }

private:
  /// 1 to `ceiling`.
  time_ms below(std::uint64_t ceiling) { return 1 + splitmix64(chance_) % std::max<std::uint64_t>(ceiling, 1); }

  settings options_;
  std::uint64_t chance_;
};

} // namespace present::client
