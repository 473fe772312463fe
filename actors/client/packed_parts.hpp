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
  struct group {
    std::size_t place = 0;             ///< in `packed`
    std::shared_ptr<operation> joined; ///< null: it is alone so far
  };
  std::map<partition_id, group> groups;
  for (auto& [ticket, part] : all) {
    const auto where = part.may_join ? partition_of(part.where) : std::optional<partition_id>{};
    if (!where) {
      packed.push_back({ticket, {}, std::move(part)});
      continue;
    }
    const auto [found, is_new] = groups.try_emplace(*where);
    auto& [place, joined] = found->second;
    if (is_new || packed[place].more.size() + 1 == bounds::max_aftermath) {
      found->second = {packed.size(), nullptr};
      packed.push_back({ticket, {}, std::move(part)});
      continue;
    }
    auto& first = packed[place];
    if (!joined)
      first.what.what = joined = std::make_shared<operation>(*first.what.what);
    join(*joined, *part.what);
    first.more.push_back(ticket);
    first.what.also.push_back(std::move(part.where));
  }
  return packed;
}

} // namespace present::client
