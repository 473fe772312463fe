#include "actors/router/router_actor.hpp"

#include "actors/system_names.hpp"

namespace present {

router_shell::router_shell(caf::actor_config& config,
                           std::shared_ptr<supervision::address_book> addresses)
    : measured(config), addresses_(std::move(addresses)) {
}

auto router_shell::make_behavior() -> behavior_type {
  describe_with([this] {
    return supervision::details{{"epoch", std::to_string(map_ ? map_->epoch.value : 0)}};
  });
  return {
    [this](const leader_known& what) {
      leaders_[what.partition] = what.leader;
      published_.reset();
    },
    [this](const map_learned& what) { on_map(what); },
    [this](const follow_map& what) {
      followers_[what.partition]
        = addresses_->address_of<partition_actor>(paths::partition(what.partition));
      tell(what.partition);
    },
    [this](ask_map) {
      if (!published_) {
        auto made = map_ ? std::make_shared<cluster_map>(*map_)
                         : std::make_shared<cluster_map>();
        made->leaders = leaders_;
        published_ = std::move(made);
      }
      return published_;
    },
  };
}

void router_shell::on_map(const map_learned& what) {
  if (map_ && what.map->epoch <= map_->epoch)
    return;
  map_ = what.map;
  published_.reset();
  for (const auto& [follower, address] : followers_)
    tell(follower);
}

void router_shell::tell(partition_id follower) {
  if (!map_)
    return;
  if (const auto& to = followers_[follower].get())
    send(to, map_learned{map_});
}

} // namespace present
