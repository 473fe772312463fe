#pragma once

#include "actors/client/call_pace.hpp"
#include "actors/client/client_actor.hpp"
#include "actors/client/lane_name.hpp"
#include "actors/client/silence_watch.hpp"
#include "runtime/network/network_loop.hpp"
#include "runtime/network/rpc_link.hpp"

#include "schemas/rpc.capnp.h"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace present::client {

/// One attempt of one client actor, on its way to a node.
struct outgoing {
  send_attempt what;
  client_actor from;
};

/// A process's connection to one node, shared by its client actors. What they
/// send while calls are under way gathers and goes in one call (K3): a call of
/// its own for each operation would cost ten times as much. Lives on the network
/// thread.
///
///   down ─connected─▶ opening ─session─▶ up
///    ▲                 │  ▲  refused: again after a pause, unless for good
///    │                 │  └── the session has ended on the node ◀──┘
///    └── the connection is lost, from anywhere
///
/// While answers are owed the node is listened to (`silence_watch`). One that has
/// fallen silent counts as down until it is heard again: what waits for it is lost, so
/// that it can be tried elsewhere, but the connection stands until that lapses. A node
/// that was only slow, as all are under too much load, is not burdened with handshakes.
class gateway_link final : public network::resident {
public:
  gateway_link(network::network_loop& loop,
               std::shared_ptr<network::tls_configuration> tls,
               network::rpc_link_options options, std::string cluster, node_id node);

  bool is_up() const { return session_ != nullptr && !watch_.is_silent(); }
  /// Which node is there: the one that was named, else the one that answered last.
  node_id node() const { return node_; }

  /// While the link is down the attempt fails at once, as never sent.
  void send(outgoing what);
  kj::Promise<std::shared_ptr<const cluster_map>> fetch_map();
  /// What needs an admin's certificate: the gate's refusal is `denied`. Fails while
  /// the link is down.
  kj::Promise<result<schema::Admin::Client>> admin();
  /// Resolves when the link is up; at once if it is.
  kj::Promise<void> wait_until_up();

  /// What the node owes us: fails when it falls silent.
  template <class T>
  kj::Promise<T> owed(kj::Promise<T> answer);

  /// For good: nothing dials any more, and what was under way is lost. The rest of
  /// it stays until the loop ends, for calls that still come back.
  void retire();

private:
  using batch = std::vector<outgoing>;

  /// What goes to one partition, the steps of commits apart.
  struct lane {
    std::deque<outgoing> gathered;
    call_pace pace;
  };

  void on_up(capnp::Capability::Client gate);
  void on_down();
  void greet(schema::Hello::Builder hello) const;
  void open_session();
  void become_open(schema::Session::Client session, node_id there);
  void reopen_session(kj::Duration pause);
  void on_broken(std::uint64_t connection, std::uint64_t session);
  void tell_up();
  void fail_gathered();
  void tick_later();
  void on_tick();
  void on_heard();
  void become_silent();
  void flush();
  void on_answered(const lane_name& name, std::size_t operations, kj::Duration took);
  static batch take_batch(lane& from);
  void call(const lane_name& name, batch what);
  void call_alone(outgoing what);
  void write_request(const batch& from, schema::Request::Builder to) const;
  static void deliver(batch& to, schema::Response::Reader from);
  static void fail(batch& what, bool never_sent);

  network::network_loop& loop_;
  const std::string cluster_;
  node_id node_;
  kj::Maybe<schema::Gate::Client> gate_;
  kj::Maybe<schema::Session::Client> session_;
  std::uint64_t connection_ = 0; ///< or silence: answers of earlier ones are old
  std::uint64_t sessions_ = 0;   ///< opened so far, over all connections
  std::map<lane_name, lane> lanes_;
  bool flush_scheduled_ = false;
  std::vector<kj::Own<kj::PromiseFulfiller<void>>> waiting_for_up_;
  silence_watch watch_;
  std::size_t owed_ = 0;
  kj::PromiseFulfillerPair<void> silence_ = kj::newPromiseAndFulfiller<void>();
  kj::ForkedPromise<void> fell_silent_ = silence_.promise.fork(); ///< the next time
  std::optional<network::rpc_link> link_; ///< empty: retired
};

template <class T>
kj::Promise<T> gateway_link::owed(kj::Promise<T> answer) {
  ++owed_;
  if (watch_.on_owed())
    tick_later();
  auto silence = fell_silent_.addBranch().then([]() -> kj::Promise<T> {
    return KJ_EXCEPTION(DISCONNECTED, "the node has fallen silent");
  });
  return answer
    .then([this](T&& given) {
      on_heard();
      return kj::mv(given);
    })
    .exclusiveJoin(kj::mv(silence))
    .attach(kj::defer([this] { --owed_; }));
}

} // namespace present::client
