#include "tests/simulation/cluster/peer_links.hpp"

#include "actors/link/peer_codec.hpp"
#include "actors/membership/map_codec.hpp"
#include "actors/system_names.hpp"

#include <caf/send.hpp>

#include <capnp/message.h>
#include <capnp/serialize.h>

namespace present::simulation::cluster {

simulated_peer_link::simulated_peer_link(parts made_of, node_id peer, link_actor actor)
    : with_(std::move(made_of)), peer_(peer),
      schedule_({20, 250, 1000}, with_.network.random().next()), actor_(std::move(actor)) {
}

void simulated_peer_link::end() {
  actor_ = nullptr;
  if (connection_)
    connection_->close(connection::way::forth);
  connection_ = nullptr;
}

// -- up and down -------------------------------------------------------------------

void simulated_peer_link::dial() {
  if (!with_.life->is_alive() || !actor_) {
    actor_ = nullptr;
    return;
  }
  network().dial(with_.life, peer_.value,
                 [find = with_.find, peer = peer_] { return find(peer).life; },
                 [self = shared_from_this()](std::shared_ptr<connection> made) {
                   if (!made)
                     self->retry(0);
                   else if (self->actor_)
                     self->on_up(std::move(made));
                   else
                     made->close(connection::way::forth);
                 });
}

void simulated_peer_link::retry(std::uint64_t lived_ms) {
  network().time().after(schedule_.on_lost(lived_ms) * ms,
                         [self = shared_from_this()] { self->dial(); });
}

void simulated_peer_link::on_up(std::shared_ptr<connection> made) {
  connection_ = std::move(made);
  up_since_ = network().time().now();
  connection_->set_dialler_listener([weak = weak_from_this()] {
    if (const auto self = weak.lock())
      self->on_down();
  });
  caf::anon_send(actor_, link_up{with_.find(peer_).store});
}

void simulated_peer_link::on_down() {
  connection_ = nullptr;
  if (actor_)
    caf::anon_send(actor_, link_down{});
  retry((network().time().now() - up_since_) / ms);
}

// -- batches -----------------------------------------------------------------------

void simulated_peer_link::deliver(std::vector<link_send> batch) {
  if (!connection_)
    return; // the link goes down, and says so itself
  for (const auto& one : batch)
    with_.tap(one.partition, one.what);
  if (network().random().chance(with_.codec_per_mille))
    batch = through_codec(std::move(batch));
  if (network().strikes(fault_kind::duplicate, with_.self.value, peer_.value))
    carry(batch, true);
  carry(std::move(batch), false);
}

/// One that the network loses counts as taken: raft survives that (link_actor.hpp).
void simulated_peer_link::carry(std::vector<link_send> batch, bool is_copy) {
  const bool lost = network().strikes(fault_kind::drop, with_.self.value, peer_.value);
  connection_->send(connection::way::forth, [self = shared_from_this(), batch = std::move(batch),
                                             link = connection_, is_copy, lost]() mutable {
    if (!lost)
      self->hand_over(self->with_.find(self->peer_), batch);
    if (is_copy)
      return;
    if (self->network().strikes(fault_kind::reply_loss, self->peer_.value, self->with_.self.value)) {
      link->reset();
      return;
    }
    link->send(connection::way::back, [self, link] {
      if (self->connection_ == link && self->actor_)
        caf::anon_send(self->actor_, link_drained{});
    });
  });
}

void simulated_peer_link::offer(const cluster_map_ptr& map) {
  if (!connection_)
    return; // it is offered again
  connection_->send(connection::way::forth, [self = shared_from_this(),
                                             map = through_codec(map)] {
    const auto there = self->with_.find(self->peer_);
    auto membership = there.addresses ? there.addresses->find(paths::membership) : nullptr;
    if (membership)
      caf::anon_send(caf::actor_cast<membership_actor>(std::move(membership)),
                     map_offered{self->with_.self, map});
  });
}

cluster_map_ptr simulated_peer_link::through_codec(const cluster_map_ptr& map) {
  if (!network().random().chance(with_.codec_per_mille))
    return map;
  auto decoded = decode_map(encode_map(*map));
  network().expect(bool{decoded}, "codec", decoded ? "" : decoded.problem().message);
  return decoded ? std::make_shared<const cluster_map>(std::move(*decoded)) : map;
}

/// As bytes and back: what the network does to every batch.
std::vector<link_send> simulated_peer_link::through_codec(std::vector<link_send> batch) {
  std::vector<link_send> read;
  for (const auto& one : batch) {
    capnp::MallocMessageBuilder message;
    encode_message(one.partition, one.what, message.initRoot<schema::RaftMessage>());
    const auto words = capnp::messageToFlatArray(message);
    capnp::FlatArrayMessageReader reader(words);
    auto decoded = decode_message(reader.getRoot<schema::RaftMessage>());
    network().expect(bool{decoded}, "codec", decoded ? "" : decoded.problem().message);
    if (decoded)
      read.push_back({decoded->partition, std::move(decoded->what)});
  }
  return read;
}

/// As `peer_service` does it.
void simulated_peer_link::hand_over(const listening_node& there,
                                    std::vector<link_send>& batch) const {
  if (!there.life)
    return;
  std::map<partition_id, std::vector<raft::message>> mail;
  for (auto& one : batch)
    if (one.what.from == with_.self && one.what.to == peer_)
      mail[one.partition].push_back(one.what);
  for (auto& [partition, messages] : mail)
    if (auto actor = there.addresses->find(paths::partition(partition)))
      caf::anon_send(caf::actor_cast<partition_actor>(std::move(actor)),
                     raft_mail{std::move(messages)});
}

} // namespace present::simulation::cluster
