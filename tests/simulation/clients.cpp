#include "tests/simulation/world.hpp"

#include <utility>

/// Clients: each asks one thing at a time, of whoever it believes to lead, and
/// gives up after a second without knowing the outcome.
namespace present::simulation {

namespace {

constexpr std::uint64_t keys = 5;
constexpr std::uint64_t patience_us = 1'000'000;

} // namespace

void world::client_turn(std::uint64_t client) {
  if (quiet_clients_)
    return;
  auto& guess = guesses_[client];
  if (guess == node_id{} || random_.chance(50))
    guess = node_id{static_cast<std::uint32_t>(1 + random_.below(nodes_.size()))};
  const auto id = ask(random_.chance(500), guess);
  asking_[id] = client;
  at(now_us_ + patience_us, [this, id] {
    if (!clients_.is_open(id))
      return;
    clients_.unknown(id);
    close(id);
  });
}

raft::ticket world::ask(bool is_write, node_id target) {
  const auto id = clients_.begin(is_write, random_.below(keys), now_us_);
  at(now_us_ + random_.between(100, 1000), [this, id, is_write, target] {
    auto& node = node_at(target);
    if (is_write)
      tell(node, raft::propose{id, encode(clients_.at(id).command)});
    else
      tell(node, raft::read_request{id});
  });
  return id;
}

/// Whoever asked thinks for a while and asks again.
void world::close(raft::ticket id) {
  const auto found = asking_.find(id);
  if (found == asking_.end())
    return;
  const auto client = found->second;
  asking_.erase(found);
  if (clients_.at(id).open || random_.chance(200))
    guesses_[client] = {};
  at(now_us_ + random_.between(1'000, 30'000),
     [this, client] { client_turn(client); });
}

void world::tell_client(raft::ticket id, std::function<void()> what) {
  at(now_us_ + random_.between(100, 1000), [this, id, what = std::move(what)] {
    if (!clients_.is_open(id))
      return;
    what();
    close(id);
  });
}

// -- what the node says ----------------------------------------------------------

void world::perform(simulated_node& node, const raft::proposal_accepted& effect) {
  node.writes.emplace(effect.index,
                      simulated_node::waiting_write{effect.at_term, effect.id});
}

void world::perform(simulated_node& node, const raft::proposal_refused& effect) {
  const auto hint = node.machine->leader_known();
  clients_.not_applied(effect.id);
  if (const auto client = asking_.find(effect.id); client != asking_.end())
    guesses_[client->second] = hint;
  close(effect.id);
}

void world::perform(simulated_node&, const raft::proposal_replaced& effect) {
  clients_.not_applied(effect.id);
  close(effect.id);
}

void world::perform(simulated_node&, const raft::proposal_unknown& effect) {
  clients_.unknown(effect.id);
  close(effect.id);
}

void world::perform(simulated_node& node, const raft::read_ready& effect) {
  node.reads.push_back({effect.index, effect.id});
}

void world::perform(simulated_node& node, const raft::read_refused& effect) {
  const auto hint = node.machine->leader_known();
  clients_.unknown(effect.id);
  if (const auto client = asking_.find(effect.id); client != asking_.end())
    guesses_[client->second] = hint;
  close(effect.id);
}

void world::answer_reads(simulated_node& node) {
  std::erase_if(node.reads, [&](const simulated_node::waiting_read& read) {
    if (read.index > node.applied)
      return false;
    const auto value = node.state.value_of(clients_.at(read.id).command.key);
    tell_client(read.id, [this, id = read.id, seen = node.applied, value] {
      clients_.succeeded(id, seen, value, now_us_);
    });
    return true;
  });
}

} // namespace present::simulation
