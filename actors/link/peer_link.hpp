#pragma once

#include "actors/link/link_actor.hpp"
#include "actors/reporter/node_report.hpp"
#include "runtime/network/network_thread.hpp"
#include "runtime/network/rpc_link.hpp"

#include "schemas/rpc.capnp.h"

#include <map>
#include <memory>

namespace present {

/// What this node says of itself when a connection begins.
struct node_greeting {
  std::string cluster;
  node_id node;
  store_id store;
  std::uint64_t boot = 0;

  void write(schema::Hello::Builder to) const;
};

/// The network's side of the link to one peer: dials, greets, delivers. Lives on
/// the network thread.
class peer_link final : public network::resident {
public:
  peer_link(network::network_loop& loop, std::shared_ptr<network::tls_configuration> tls,
            network::rpc_link_options options, node_greeting greeting, node_id peer);

  /// Where this link's news go; replaces the one before (a restarted actor).
  void attach(link_actor actor);
  void detach(const caf::actor_addr& actor);

  void deliver(std::vector<link_send> batch);
  /// The peer's report; empty if it can't be had within `patience`.
  kj::Promise<kj::Maybe<node_report>> ask_report(kj::Duration patience);

private:
  void on_up(capnp::Capability::Client gate);
  void on_down(const std::string& why);

  network::network_loop& loop_;
  const node_greeting greeting_;
  const node_id peer_;
  link_actor actor_;
  kj::Maybe<schema::Peer::Client> there_;
  std::uint64_t connection_ = 0; ///< news of earlier ones are old
  network::rpc_link link_;
};

/// All links of a node. Lives on the network thread.
using peer_links = std::map<node_id, peer_link*>;

/// The actor's end of a `peer_link`.
class network_wire final : public link_wire {
public:
  network_wire(network::network_thread& thread, std::shared_ptr<peer_links> links,
               node_id peer, link_actor actor);
  ~network_wire() override;

  void deliver(std::vector<link_send> batch) override;

private:
  network::network_thread& thread_;
  const std::shared_ptr<peer_links> links_;
  const node_id peer_;
  const caf::actor_addr actor_;
};

} // namespace present
