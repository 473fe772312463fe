#include "actors/link/link_actor.hpp"

#include "actors/system_names.hpp"
#include "runtime/base/bounds.hpp"

namespace present {

namespace {

/// What a message takes on the wire, about.
std::size_t bytes_of(const raft::message& what) {
  constexpr std::size_t envelope = 128;
  std::size_t bytes = envelope;
  if (const auto* append = std::get_if<raft::append_request>(&what.content))
    for (const auto& entry : append->entries)
      bytes += envelope + (entry.payload ? entry.payload->size() : 0);
  if (const auto* chunk = std::get_if<raft::snapshot_chunk>(&what.content))
    bytes += chunk->bytes ? chunk->bytes->size() : 0;
  return bytes;
}

} // namespace

link_shell::link_shell(caf::actor_config& config, node_id peer,
                       std::shared_ptr<supervision::address_book> addresses,
                       wire_factory connect)
    : measured(config), peer_(peer), addresses_(std::move(addresses)),
      membership_(addresses_->address_of<membership_actor>(paths::membership)),
      connect_(std::move(connect)) {
}

void link_shell::on_exit() {
  membership_ = {};
  partitions_.clear();
  wire_.reset();
}

auto link_shell::make_behavior() -> behavior_type {
  wire_ = connect_(caf::actor_cast<link_actor>(this));
  describe_with([this] {
    return supervision::details{{"peer", std::to_string(peer_.value)},
                                {"up", up_ ? "yes" : "no"},
                                {"dropped", std::to_string(dropped_)}};
  });
  return {
    [this](link_send& what) { on_send(what); },
    [this](const link_up& what) { on_up(what.store); },
    [this](link_down) { on_down(); },
    [this](link_drained) {
      on_wire_ = false;
      flush();
    },
    [this](link_offer& what) {
      if (up_)
        wire_->offer(std::move(what.map));
    },
    [this](link_ask) {
      if (up_)
        tell_reached();
    },
  };
}

void link_shell::on_up(store_id store) {
  log().info("link is up", {{"peer", peer_}});
  up_ = true;
  store_ = store;
  on_wire_ = false;
  tell_partitions(true);
  tell_reached();
  flush();
}

void link_shell::on_down() {
  log().info("link is down", {{"peer", peer_}});
  up_ = false;
  on_wire_ = false;
  dropped_ += gathered_.size();
  gathered_.clear();
  gathered_bytes_ = 0;
  tell_partitions(false);
  if (const auto& membership = membership_.get())
    send(membership, peer_lost{peer_});
}

void link_shell::on_send(link_send& what) {
  auto& from = partitions_[what.partition];
  if (!from.get())
    from = addresses_->address_of<partition_actor>(paths::partition(what.partition));
  const auto bytes = bytes_of(what.what);
  if (!up_ || gathered_bytes_ + bytes > bounds::max_link_gathered) {
    ++dropped_;
    return;
  }
  gathered_bytes_ += bytes;
  gathered_.push_back(std::move(what));
  flush();
}

void link_shell::flush() {
  if (!up_ || on_wire_ || gathered_.empty())
    return;
  // One call carries as much as the largest message may hold, and at least one.
  std::vector<link_send> batch;
  std::size_t bytes = 0;
  while (!gathered_.empty()) {
    const auto more = bytes_of(gathered_.front().what);
    if (!batch.empty() && bytes + more > bounds::max_entry)
      break;
    bytes += more;
    batch.push_back(std::move(gathered_.front()));
    gathered_.pop_front();
  }
  gathered_bytes_ -= bytes;
  on_wire_ = true;
  wire_->deliver(std::move(batch));
}

void link_shell::tell_reached() {
  if (const auto& membership = membership_.get())
    send(membership, peer_reached{peer_, store_});
}

void link_shell::tell_partitions(bool up) {
  for (auto& [id, partition] : partitions_)
    if (const auto& to = partition.get())
      send(to, peer_link_changed{peer_, up});
}

} // namespace present
