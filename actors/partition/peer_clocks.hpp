#pragma once

#include "runtime/base/ids.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace present::partition {

/// What a replica knows of its peers' wall clocks, as differences from its own (P21).
/// A message tells its sender's clock at sending, so a difference is too low by the
/// time on the way: that errs to the safe side, since it holds stamps back.
class peer_clocks {
public:
  void heard(node_id peer, std::uint64_t peers_wall_ms, std::uint64_t own_wall_ms) {
    differences_[peer] = static_cast<std::int64_t>(peers_wall_ms)
                         - static_cast<std::int64_t>(own_wall_ms);
  }

  /// The others take no part any more.
  void keep(const std::vector<node_id>& peers) {
    std::erase_if(differences_, [&](const auto& one) {
      return std::find(peers.begin(), peers.end(), one.first) == peers.end();
    });
  }

  /// This replica's clock, but at most `bound_ms` above the median of all that are
  /// known, its own among them: one clock that is wrong, in either direction, moves
  /// nothing.
  std::uint64_t bounded(std::uint64_t own_wall_ms, std::uint64_t bound_ms) const {
    std::vector<std::int64_t> all{0};
    for (const auto& [peer, difference] : differences_)
      all.push_back(difference);
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>((all.size() - 1) / 2);
    std::nth_element(all.begin(), middle, all.end());
    const auto most = *middle + static_cast<std::int64_t>(bound_ms);
    return most >= 0 ? own_wall_ms
                     : own_wall_ms - std::min(own_wall_ms, static_cast<std::uint64_t>(-most));
  }

private:
  std::map<node_id, std::int64_t> differences_; ///< peer's minus own, ms
};

} // namespace present::partition
