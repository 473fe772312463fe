#include "actors/client/transaction_parts.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace present::client {

namespace {

bool is_below(const std::string& key, const std::string& end) {
  return end.empty() || key < end;
}

const std::string& lower_end(const std::string& a, const std::string& b) {
  if (a.empty())
    return b;
  return b.empty() || a < b ? a : b;
}

/// Collects what each partition is asked.
class divider {
public:
  divider(const space_numbers& spaces, const cluster_map& map) : spaces_(spaces), map_(map) {}

  transact& part_at(space_id space, const std::string& key) {
    return parts_[map_.range_of(spaces_.at(space.value), key)->partition];
  }

  /// Each part has the rows that lie in its range.
  void divide(const seen_range& seen) {
    const auto* range = map_.range_of(spaces_.at(seen.space.value), seen.first);
    auto first = seen.first;
    auto row = seen.rows.begin();
    while (range) {
      const auto* after = map_.range_after(*range);
      seen_range piece{seen.space, first,
                       after ? lower_end(seen.last, after->first) : seen.last, {}};
      for (; row != seen.rows.end() && is_below(row->key, piece.last); ++row)
        piece.rows.push_back(*row);
      const bool ends_here = piece.last == seen.last;
      first = piece.last;
      parts_[range->partition].ranges.push_back(std::move(piece));
      range = ends_here ? nullptr : after;
    }
  }

  /// A scan has to end in the partition in which it begins.
  bool crosses(const scan_step& what) const {
    const auto* range = map_.range_of(spaces_.at(what.space.value), what.first);
    const auto begins_in = range->partition;
    while (range && range->partition == begins_in) {
      range = map_.range_after(*range);
      if (!range || (!what.last.empty() && what.last <= range->first))
        return false;
    }
    return true;
  }

  std::optional<error> divide(const std::vector<step>& steps,
                              std::vector<step> transact::*branch) {
    for (const auto& each : steps) {
      const auto* page = std::get_if<scan_step>(&each);
      if (page && crosses(*page))
        return make_error(error_code::invalid,
                          "scan: its keys are of several partitions; scan them one by one");
      auto& part = std::visit(
        [&](const auto& one) -> transact& {
          if constexpr (requires { one.first; })
            return part_at(one.space, one.first);
          else
            return part_at(one.space, one.key);
        },
        each);
      (part.*branch).push_back(each);
    }
    return std::nullopt;
  }

  std::vector<transaction_part> take(hlc_stamp start) {
    std::vector<transaction_part> all;
    for (auto& [partition, what] : parts_) {
      what.start = start;
      all.push_back({partition, std::move(what)});
    }
    return all;
  }

private:
  const space_numbers& spaces_;
  const cluster_map& map_;
  std::map<partition_id, transact> parts_;
};

} // namespace

result<std::vector<transaction_part>>
parts_of(const transact& what, const space_numbers& spaces, const cluster_map& map) {
  // A space's first range begins at the empty key: with it, every key has one.
  for (const auto space : spaces)
    if (!map.range_of(space, ""))
      return make_error(error_code::wrong_partition, "the map has no ranges of a space");
  divider parts{spaces, map};
  for (const auto& seen : what.seen)
    parts.part_at(seen.space, seen.key).seen.push_back(seen);
  for (const auto& range : what.ranges)
    parts.divide(range);
  for (const auto& one : what.compare)
    parts.part_at(one.space, one.key).compare.push_back(one);
  if (auto problem = parts.divide(what.then, &transact::then))
    return *problem;
  if (auto problem = parts.divide(what.otherwise, &transact::otherwise))
    return *problem;
  return parts.take(what.start);
}

transact in_spaces(transact what, const space_numbers& spaces) {
  const auto name = [&](space_id& space) { space = spaces.at(space.value); };
  for (auto& seen : what.seen)
    name(seen.space);
  for (auto& range : what.ranges)
    name(range.space);
  for (auto& one : what.compare)
    name(one.space);
  for (auto* branch : {&what.then, &what.otherwise})
    for (auto& each : *branch)
      std::visit([&](auto& one) { name(one.space); }, each);
  return what;
}

bool only_validates(const transact& what) {
  return what.compare.empty() && what.then.empty() && what.otherwise.empty();
}

} // namespace present::client
