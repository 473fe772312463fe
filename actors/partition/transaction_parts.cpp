#include "actors/partition/transaction_parts.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

namespace present {

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
  /// `spaces` null: they are numbers already.
  divider(const space_numbers* spaces, const cluster_map& map) : spaces_(spaces), map_(map) {}

  transaction_part& part_at(space_id space, const std::string& key) {
    return parts_[map_.range_of(number_of(space), key)->partition];
  }

  /// Each part has the rows that lie in its range.
  void divide(const seen_range& seen) {
    const auto* range = map_.range_of(number_of(seen.space), seen.first);
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
      parts_[range->partition].what.ranges.push_back(std::move(piece));
      range = ends_here ? nullptr : after;
    }
  }

  /// A scan has to end in the partition in which it begins.
  bool crosses(const scan_step& what) const {
    const auto* range = map_.range_of(number_of(what.space), what.first);
    const auto begins_in = range->partition;
    while (range && range->partition == begins_in) {
      range = map_.range_after(*range);
      if (!range || (!what.last.empty() && what.last <= range->first))
        return false;
    }
    return true;
  }

  std::optional<error> divide(const std::vector<step>& steps,
                              std::vector<step> transact::*branch,
                              std::vector<std::uint32_t> branch_places::*places) {
    for (std::uint32_t place = 0; place < steps.size(); ++place) {
      const auto& each = steps[place];
      const auto* page = std::get_if<scan_step>(&each);
      if (page && crosses(*page))
        return make_error(error_code::invalid,
                          "scan: its keys are of several partitions; scan them one by one");
      auto& part = std::visit(
        [&](const auto& one) -> transaction_part& {
          if constexpr (requires { one.first; })
            return part_at(one.space, one.first);
          else
            return part_at(one.space, one.key);
        },
        each);
      (part.what.*branch).push_back(each);
      (part.places.*places).push_back(place);
    }
    return std::nullopt;
  }

  std::vector<transaction_part> take(hlc_stamp start) {
    std::vector<transaction_part> all;
    for (auto& [partition, part] : parts_) {
      part.partition = partition;
      part.what.start = start;
      all.push_back(std::move(part));
    }
    return all;
  }

private:
  space_id number_of(space_id space) const {
    return spaces_ ? spaces_->at(space.value) : space;
  }

  const space_numbers* spaces_;
  const cluster_map& map_;
  std::map<partition_id, transaction_part> parts_;
};

result<std::vector<transaction_part>> divide(divider parts, const transact& what) {
  for (const auto& seen : what.seen)
    parts.part_at(seen.space, seen.key).what.seen.push_back(seen);
  for (const auto& range : what.ranges)
    parts.divide(range);
  for (const auto& one : what.compare)
    parts.part_at(one.space, one.key).what.compare.push_back(one);
  if (auto problem = parts.divide(what.then, &transact::then, &branch_places::then))
    return *problem;
  if (auto problem
      = parts.divide(what.otherwise, &transact::otherwise, &branch_places::otherwise))
    return *problem;
  return parts.take(what.start);
}

error no_ranges() {
  return make_error(error_code::wrong_partition, "the map has no ranges of a space");
}

} // namespace

// A space's first range begins at the empty key: with it, every key has one.

result<std::vector<transaction_part>>
parts_of(const transact& what, const space_numbers& spaces, const cluster_map& map) {
  for (const auto space : spaces)
    if (!map.range_of(space, ""))
      return no_ranges();
  return divide(divider{&spaces, map}, what);
}

result<std::vector<transaction_part>> parts_of(const transact& what, const cluster_map& map) {
  bool all = true;
  const auto has = [&](space_id space) { all = all && map.range_of(space, ""); };
  visit_places(
    what, [&](space_id space, const std::string&) { has(space); },
    [&](space_id space, const std::string&, const std::string&) { has(space); });
  if (!all)
    return no_ranges();
  return divide(divider{nullptr, map}, what);
}

partition_id home_among(const std::vector<transaction_part>& parts) {
  auto home = parts.front().partition;
  std::pair first{true, std::numeric_limits<std::uint32_t>::max()};
  const auto look = [&](const transaction_part& part, bool otherwise) {
    const auto& steps = otherwise ? part.what.otherwise : part.what.then;
    const auto& places = otherwise ? part.places.otherwise : part.places.then;
    for (std::size_t n = 0; n < places.size(); ++n)
      if (const std::pair at{otherwise, places[n]}; is_write(steps[n]) && at < first) {
        first = at;
        home = part.partition;
      }
  };
  for (const auto& part : parts) {
    look(part, false);
    look(part, true);
  }
  return home;
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

} // namespace present
