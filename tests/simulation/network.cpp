#include "tests/simulation/world.hpp"

#include <algorithm>

/// Messages between nodes: in order and fast, unless a fault says otherwise.
namespace present::simulation {

namespace {

bool is_reply(const raft::message& what) {
  return std::holds_alternative<raft::append_reply>(what.content)
         || std::holds_alternative<raft::vote_reply>(what.content)
         || std::holds_alternative<raft::snapshot_reply>(what.content);
}

} // namespace

void world::perform(simulated_node& node, const raft::send& effect) {
  transmit(effect.what);
  const auto* vote = std::get_if<raft::vote_reply>(&effect.what.content);
  if (!vote || vote->pre || !vote->granted || node.crash_after_vote_us == 0)
    return;
  const auto duration_us = node.crash_after_vote_us;
  for (auto& each : nodes_)
    each.crash_after_vote_us = 0;
  crash_for(node, duration_us, fault_kind::crash_voter);
}

bool world::lost(const raft::message& what) {
  const auto obstacles = blocked_.find({what.from, what.to});
  if (obstacles != blocked_.end() && !obstacles->second.empty()) {
    count(obstacles->second.front());
    return true;
  }
  const auto* loss = active(fault_kind::drop, what.to);
  if (loss && random_.chance(loss->strength)) {
    count(fault_kind::drop);
    return true;
  }
  const auto* unheard = active(fault_kind::reply_loss, what.to);
  if (unheard && is_reply(what) && random_.chance(unheard->strength + 400)) {
    count(fault_kind::reply_loss);
    return true;
  }
  return false;
}

void world::transmit(const raft::message& what) {
  if (lost(what))
    return;
  auto arrival = now_us_ + random_.between(100, 1000);
  auto& last = last_delivery_us_[{what.from, what.to}];
  if (const auto* slow = active(fault_kind::delay, what.to);
      slow && random_.chance(slow->strength)) {
    arrival += random_.below(slow->strength * 500);
    if (arrival > last + 1000)
      count(fault_kind::delay); // others will overtake it
  } else {
    arrival = std::max(arrival, last);
    last = arrival;
  }
  at(arrival, [this, what] { deliver(what); });
  const auto* twice = active(fault_kind::duplicate, what.to);
  if (twice && random_.chance(twice->strength)) {
    count(fault_kind::duplicate);
    at(arrival + random_.below(100'000), [this, what] { deliver(what); });
  }
}

void world::deliver(const raft::message& what) {
  tell(node_at(what.to), raft::received{what});
}

void world::block(node_id from, node_id to, fault_kind because) {
  blocked_[{from, to}].push_back(because);
  if (!random_.chance(500))
    return; // nobody notices but by silence
  report_link(from, to, false, random_.between(1000, 50'000));
  if (random_.chance(500))
    report_link(to, from, false, random_.between(1000, 50'000));
}

void world::unblock(node_id from, node_id to, fault_kind because) {
  auto& obstacles = blocked_[{from, to}];
  const auto one = std::find(obstacles.begin(), obstacles.end(), because);
  if (one != obstacles.end())
    obstacles.erase(one);
  report_link(from, to, true, random_.between(1000, 50'000));
  report_link(to, from, true, random_.between(1000, 50'000));
}

void world::report_link(node_id where, node_id peer, bool up,
                        std::uint64_t delay_us) {
  at(now_us_ + delay_us, [this, where, peer, up] {
    tell(node_at(where), raft::link_changed{peer, up});
  });
}

} // namespace present::simulation
