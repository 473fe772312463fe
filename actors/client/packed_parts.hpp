#pragma once

#include "actors/client/client_call.hpp"
#include "actors/partition/joined_steps.hpp"
#include "runtime/base/bounds.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace present::client {

/// Who is told what became of a part: all whose steps it has taken in.
struct packed_part {
  std::uint64_t ticket = 0;
  std::vector<std::uint64_t> more;
  part_call what;
};

/// Of what may go together, that of one partition goes as one operation; all else as it
/// is. `partition_of(anchor)` is empty if the map doesn't say.
template <class PartitionOf>
std::vector<packed_part> pack_parts(std::vector<std::pair<std::uint64_t, part_call>> all,
                                    PartitionOf partition_of) {
  std::vector<packed_part> packed;
  packed.reserve(all.size());
  std::map<partition_id, std::pair<std::size_t, operation>> open; ///< places in `packed`
  const auto close = [&](std::pair<std::size_t, operation>& one) {
    if (auto& part = packed[one.first]; !part.more.empty())
      part.what.what = std::make_shared<const operation>(std::move(one.second));
  };
  for (auto& [ticket, part] : all) {
    const auto where = part.may_join && is_of_aftermath(*part.what)
                         ? partition_of(part.where)
                         : std::optional<partition_id>{};
    const auto found = where ? open.find(*where) : open.end();
    if (found != open.end() && told_by(found->second.second) < bounds::max_aftermath) {
      auto& [place, joined] = found->second;
      join(joined, *part.what);
      packed[place].more.push_back(ticket);
      packed[place].what.also.push_back(std::move(part.where));
      continue;
    }
    if (found != open.end()) {
      close(found->second);
      found->second = {packed.size(), *part.what};
    } else if (where) {
      open.emplace(*where, std::pair{packed.size(), *part.what});
    }
    packed.push_back({ticket, {}, std::move(part)});
  }
  for (auto& [where, one] : open)
    close(one);
  return packed;
}

} // namespace present::client
