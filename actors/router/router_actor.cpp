#include "actors/router/router_actor.hpp"

namespace present {

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
      auto& follower = followers_[what.partition];
      follower = caf::actor_cast<caf::weak_actor_ptr>(what.reply_to);
      tell(follower);
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
  for (const auto& [partition, follower] : followers_)
    tell(follower);
}

void router_shell::tell(const caf::weak_actor_ptr& follower) {
  const auto alive = follower.lock();
  if (map_ && alive)
    send(caf::actor_cast<map_listener>(alive), map_learned{map_});
}

} // namespace present
