#include "tools/present/workload_plan.hpp"

#include "tools/present/nearest_name.hpp"

#include <algorithm>
#include <array>

namespace present::tools {

namespace {

constexpr std::array<std::pair<fault_kind, std::string_view>, 7> fault_names{{
  {fault_kind::kill, "kill"},
  {fault_kind::pause, "pause"},
  {fault_kind::partition, "partition"},
  {fault_kind::one_way, "one-way"},
  {fault_kind::delay, "delay"},
  {fault_kind::reply_loss, "reply-loss"},
  {fault_kind::skew, "skew"},
}};

std::optional<fault_kind> fault_named(std::string_view name) {
  for (const auto& [kind, own] : fault_names)
    if (own == name)
      return kind;
  return std::nullopt;
}

/// Above and below the election timeout, and for pauses beyond the time in which a
/// link notices.
constexpr std::uint64_t least_hold_ms = 200;
constexpr std::uint64_t most_hold_ms = 3000;
/// Long enough to elect a leader and serve for a while.
constexpr std::uint64_t least_quiet_ms = 1000;
constexpr std::uint64_t most_quiet_ms = 2500;

} // namespace

std::optional<workload_kind> workload_kind_named(std::string_view name) {
  if (name == "register")
    return workload_kind::single_value;
  if (name == "counter")
    return workload_kind::counter;
  if (name == "set")
    return workload_kind::set;
  if (name == "append")
    return workload_kind::append;
  if (name == "bank")
    return workload_kind::bank;
  return std::nullopt;
}

std::string_view to_string(fault_kind what) {
  return fault_names.at(static_cast<std::size_t>(what)).second;
}

result<std::vector<fault_kind>> parse_faults(const std::string& list) {
  std::vector<fault_kind> kinds;
  std::vector<std::string> names;
  for (const auto& [kind, name] : fault_names)
    names.emplace_back(name);
  for (std::size_t begin = 0; begin < list.size();) {
    const auto end = std::min(list.find(',', begin), list.size());
    const auto name = list.substr(begin, end - begin);
    const auto kind = fault_named(name);
    if (!kind)
      return make_error(error_code::invalid,
                        "--faults: there is no '" + name + '\'' + did_you_mean(name, names));
    if (std::find(kinds.begin(), kinds.end(), *kind) == kinds.end())
      kinds.push_back(*kind);
    begin = end + 1;
  }
  return kinds;
}

fault_order fault_schedule::next() {
  fault_order order;
  order.what = kinds_[given_++ % kinds_.size()];
  order.whom = draw(0, 2) == 0 ? fault_target::any : fault_target::leader;
  order.quiet_ms = static_cast<std::uint32_t>(draw(least_quiet_ms, most_quiet_ms));
  order.hold_ms = static_cast<std::uint32_t>(draw(least_hold_ms, most_hold_ms));
  order.chance = draw(0, 1'000'000);
  return order;
}

/// splitmix64 (Steele, Lea and Flood, 2014).
std::uint64_t fault_schedule::draw(std::uint64_t least, std::uint64_t most) {
  auto z = random_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return least + (z ^ z >> 31) % (most - least + 1);
}

} // namespace present::tools
