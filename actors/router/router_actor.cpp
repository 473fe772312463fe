#include "actors/router/router_actor.hpp"

namespace present {

namespace {

/// One partition: every space is whole, in the root.
constexpr partition_id root_partition{0};

std::vector<cluster_map::range> ranges_of(const std::map<std::string, space_id>& spaces) {
  std::vector<cluster_map::range> ranges;
  for (const auto& [name, space] : spaces)
    ranges.push_back({space, "", root_partition});
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.space < b.space; });
  return ranges;
}

} // namespace

router_shell::router_shell(caf::actor_config& config, cluster_map base)
    : measured(config), map_(std::move(base)) {
}

auto router_shell::make_behavior() -> behavior_type {
  return {
    [this](const leader_known& what) {
      map_.leaders[what.partition] = what.leader;
      published_.reset();
    },
    [this](spaces_known& what) {
      if (what.epoch < map_.epoch)
        return;
      map_.epoch = what.epoch;
      map_.ranges = ranges_of(what.spaces);
      map_.spaces = std::move(what.spaces);
      published_.reset();
    },
    [this](ask_map) {
      if (!published_)
        published_ = std::make_shared<const cluster_map>(map_);
      return published_;
    },
  };
}

} // namespace present
