#include "tests/simulation/world.hpp"

#include <utility>

/// Requests and replies between clients and nodes. What is lost breaks the
/// connection, which the client notices soon, late or never.
namespace present::simulation {

namespace {

constexpr std::uint64_t notices_within_us = 400'000;

/// A client's calls are numbered from 1.
constexpr std::uint64_t nobodys_call = 0;

} // namespace

bool world::lost_for_client(node_id node) {
  const auto* loss = active(fault_kind::client_loss, node);
  if (!loss || !time_.random.chance(loss->strength))
    return false;
  count(fault_kind::client_loss);
  return true;
}

void world::break_off(const client_call& what) {
  time_.after(time_.random.below(notices_within_us), [this, what] {
    clients_[what.client]->lose(what.number, false);
  });
}

void world::ask(const client_call& from, node_id to, std::shared_ptr<const request> what) {
  const auto lose = [this, from](std::uint64_t delay_us, bool never_sent) {
    time_.after(delay_us, [this, from, never_sent] {
      clients_[from.client]->lose(from.number, never_sent);
    });
  };
  if (to == node_id{})
    return lose(time_.random.between(500, 5'000), true); // it knows nobody yet
  if (lost_for_client(to)) {
    if (time_.random.chance(600))
      break_off(from);
    return;
  }
  const auto* late = active(fault_kind::client_late, to);
  if (late && time_.random.chance(late->strength)) {
    count(fault_kind::client_late);
    return hang(from, to, std::move(what));
  }
  time_.after(time_.random.between(100, 1000), [this, from, to, what, lose] {
    auto& node = node_at(to);
    if (node.is_up())
      node.take_request(from, what);
    else
      lose(time_.random.between(100, 1000), true);
  });
}

/// Its connection breaks, but the request is on its way still: the client has tried
/// again, or given up, when it comes, and nobody hears what is answered.
void world::hang(const client_call& from, node_id to, std::shared_ptr<const request> what) {
  break_off(from);
  time_.after(time_.random.below(6'000'000), [this, from, to, what = std::move(what)] {
    if (node_at(to).is_up())
      node_at(to).take_request({from.client, nobodys_call}, what);
  });
}

void world::reply(const client_call& to, std::shared_ptr<const response> what) {
  // Which node says it makes no difference to what the condition is of.
  if (lost_for_client({})) {
    if (time_.random.chance(600))
      break_off(to);
    return;
  }
  time_.after(time_.random.between(100, 1000), [this, to, what = std::move(what)] {
    clients_[to.client]->take_reply(to.number, *what);
  });
}

void world::fetch_map(std::uint32_t client, node_id from) {
  const auto asked = from == node_id{}
                       ? node_id{static_cast<std::uint32_t>(1 + time_.random.below(nodes_.size()))}
                       : from;
  time_.after(time_.random.between(200, 2000), [this, client, asked] {
    const auto& node = node_at(asked);
    if (!node.is_up())
      return clients_[client]->hear(client::map_failed{asked});
    auto map = std::make_shared<cluster_map>(*map_);
    map->spaces[simulated_client::foreign_space_name] = simulated_client::foreign_space;
    map->ranges.push_back({simulated_client::foreign_space, "", simulated_node::partition});
    map->leaders[simulated_node::partition] = node.replica().raft().leader_known();
    clients_[client]->hear(client::map_arrived{asked, std::move(map)});
  });
}

} // namespace present::simulation
