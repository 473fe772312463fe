#include "actors/watch/change_window.hpp"

#include "runtime/base/check.hpp"

#include <algorithm>
#include <utility>

namespace present::watching {

namespace {

/// Roughly what a change takes besides its key and value.
constexpr std::size_t change_overhead = 96;

std::size_t bytes_of(const std::vector<storage::value_change>& changes) {
  std::size_t bytes = 0;
  for (const auto& each : changes)
    bytes += change_overhead + each.key.bytes().size() + each.value.view().size();
  return bytes;
}

} // namespace

void change_window::restart(log_index applied, hlc_stamp latest) {
  slots_.clear();
  bytes_ = 0;
  floor_ = end_ = {next(applied), 0};
  floor_stamp_ = latest_ = latest;
}

const change_window::slot* change_window::append(log_index index, hlc_stamp last_stamp,
                                                 std::vector<storage::value_change> changes) {
  check(index == end_.index, "N1: an entry comes out of its order");
  end_ = {next(index), 0};
  latest_ = std::max(latest_, last_stamp);
  if (changes.empty())
    return nullptr;
  const auto bytes = bytes_of(changes);
  slots_.push_back({index, last_stamp, std::move(changes), bytes});
  bytes_ += bytes;
  while (bytes_ > max_bytes_ && slots_.size() > 1)
    drop_first();
  return &slots_.back();
}

void change_window::drop_first() {
  const auto& first = slots_.front();
  floor_ = {next(first.index), 0};
  floor_stamp_ = std::max(floor_stamp_, first.last_stamp);
  bytes_ -= first.bytes;
  slots_.pop_front();
}

std::optional<watch_position> change_window::above(hlc_stamp stamp) const {
  if (stamp >= latest_)
    return end_;
  if (stamp < floor_stamp_)
    return std::nullopt;
  const auto first = std::upper_bound(
    slots_.begin(), slots_.end(), stamp,
    [](hlc_stamp wanted, const slot& each) { return wanted < each.last_stamp; });
  return first == slots_.end() ? end_ : watch_position{first->index, 0};
}

std::deque<change_window::slot>::const_iterator change_window::slot_at(log_index index) const {
  return std::lower_bound(slots_.begin(), slots_.end(), index,
                          [](const slot& each, log_index wanted) { return each.index < wanted; });
}

} // namespace present::watching
