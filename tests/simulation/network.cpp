#include "tests/simulation/world.hpp"

#include <algorithm>

/// Messages between replicas: in order and fast, unless a fault says otherwise.
namespace present::simulation {

namespace {

bool is_reply(const raft::message& what) {
  return std::holds_alternative<raft::append_reply>(what.content)
         || std::holds_alternative<raft::vote_reply>(what.content)
         || std::holds_alternative<raft::snapshot_reply>(what.content);
}

} // namespace

bool world::lost(const raft::message& what) {
  const auto obstacles = blocked_.find({what.from, what.to});
  if (obstacles != blocked_.end() && !obstacles->second.empty()) {
    count(obstacles->second.front());
    return true;
  }
  const auto* loss = active(fault_kind::drop, what.to);
  if (loss && time_.random.chance(loss->strength)) {
    count(fault_kind::drop);
    return true;
  }
  const auto* unheard = active(fault_kind::reply_loss, what.to);
  if (unheard && is_reply(what) && time_.random.chance(unheard->strength + 400)) {
    count(fault_kind::reply_loss);
    return true;
  }
  return false;
}

void world::transmit(const raft::message& what) {
  if (lost(what))
    return;
  const auto deliver = [this, what] { node_at(what.to).tell(raft::received{what}); };
  auto arrival = time_.now_us() + time_.random.between(100, 1000);
  auto& last = last_delivery_us_[{what.from, what.to}];
  if (const auto* slow = active(fault_kind::delay, what.to);
      slow && time_.random.chance(slow->strength)) {
    arrival += time_.random.below(slow->strength * 500);
    if (arrival > last + 1000)
      count(fault_kind::delay); // others will overtake it
  } else {
    arrival = std::max(arrival, last);
    last = arrival;
  }
  time_.at(arrival, deliver);
  const auto* twice = active(fault_kind::duplicate, what.to);
  if (twice && time_.random.chance(twice->strength)) {
    count(fault_kind::duplicate);
    time_.at(arrival + time_.random.below(100'000), deliver);
  }
}

void world::block(node_id from, node_id to, fault_kind because) {
  blocked_[{from, to}].push_back(because);
  if (!time_.random.chance(500))
    return; // nobody notices but by silence
  report_link(from, to, false, time_.random.between(1000, 50'000));
  if (time_.random.chance(500))
    report_link(to, from, false, time_.random.between(1000, 50'000));
}

void world::unblock(node_id from, node_id to, fault_kind because) {
  auto& obstacles = blocked_[{from, to}];
  const auto one = std::find(obstacles.begin(), obstacles.end(), because);
  if (one != obstacles.end())
    obstacles.erase(one);
  report_link(from, to, true, time_.random.between(1000, 50'000));
  report_link(to, from, true, time_.random.between(1000, 50'000));
}

void world::report_link(node_id where, node_id peer, bool up, std::uint64_t delay_us) {
  time_.after(delay_us,
              [this, where, peer, up] { node_at(where).tell(raft::link_changed{peer, up}); });
}

/// Peers see its links go, most of them; clients the connections that they had.
void world::ended(simulated_node& node) {
  for (const auto& peer : nodes_)
    if (peer->id() != node.id() && time_.random.chance(800))
      report_link(peer->id(), node.id(), false, time_.random.between(1000, 20'000));
  for (std::uint32_t client = 0; client < clients_.size(); ++client)
    for (const auto number : clients_[client]->under_way_at(node.id()))
      if (time_.random.chance(700))
        break_off({client, number});
}

} // namespace present::simulation
