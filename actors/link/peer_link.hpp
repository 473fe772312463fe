#pragma once

#include "actors/link/link_actor.hpp"
#include "actors/reporter/node_report.hpp"
#include "runtime/observe/span.hpp"
#include "runtime/network/network_thread.hpp"
#include "runtime/network/reconnect_schedule.hpp"
#include "runtime/network/rpc_link.hpp"

#include "schemas/rpc.capnp.h"

#include <kj/async.h>

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
///
///   down ─connected─▶ greeting ──taken──▶ up
///    ▲                 │  ▲ │
///    │                 │  └─┘ refused, or not answered: again, with backoff
///    └── the connection is lost
class peer_link final : public network::resident, private kj::TaskSet::ErrorHandler {
public:
  peer_link(network::network_loop& loop, std::shared_ptr<network::tls_configuration> tls,
            network::rpc_link_options options, node_greeting greeting, node_id peer,
            link_actor actor);

  void deliver(std::vector<link_send> batch);
  void offer(const cluster_map& map);
  /// The peer's report; empty if it can't be had within `patience`.
  kj::Promise<kj::Maybe<node_report>> ask_report(kj::Duration patience);
  /// What the peer remembers of a trace; nothing if it can't be asked.
  kj::Promise<std::vector<observe::span>> ask_spans(const observe::trace_context& trace,
                                                    kj::Duration patience);

private:
  void on_up(capnp::Capability::Client gate);
  void on_down(const std::string& why);
  void greet();
  void greet_again(const std::string& why);
  void taskFailed(kj::Exception&& problem) override;

  network::network_loop& loop_;
  const node_greeting greeting_;
  const node_id peer_;
  const link_actor actor_;
  kj::Maybe<schema::Gate::Client> gate_;
  kj::Maybe<schema::Peer::Client> there_;
  network::reconnect_schedule greetings_;
  std::string last_complaint_;
  store_id store_; ///< that the peer said it has
  std::uint64_t connection_ = 0; ///< news of earlier ones are old
  network::rpc_link link_;
  kj::TaskSet tasks_; ///< they end with the link
};

/// All links of a node, made and ended with their wires. Lives on the network thread.
using peer_links = std::map<node_id, peer_link*>;

/// How the links of one node dial; made once the network stands.
struct link_maker {
  std::shared_ptr<network::tls_configuration> tls; ///< the network thread's
  node_greeting greeting;
  std::shared_ptr<peer_links> links;
  std::string source; ///< the IP address to dial from; empty: any
};

/// The actor's end of a `peer_link`, which lives as long as this.
class network_wire final : public link_wire {
public:
  network_wire(network::network_thread& thread, std::shared_ptr<const link_maker> maker,
               node_id peer, const std::string& address, link_actor actor);
  ~network_wire() override;

  void deliver(std::vector<link_send> batch) override;
  void offer(cluster_map_ptr map) override;

private:
  struct end;
  /// On the network thread, while this wire's link is the one that stands.
  template <class Task>
  void with_link(Task task);

  network::network_thread& thread_;
  const std::shared_ptr<end> end_;
};

} // namespace present
