#include "actors/link/peer_link.hpp"

#include "actors/link/peer_codec.hpp"
#include "actors/reporter/report_codec.hpp"
#include "runtime/network/error_codec.hpp"

#include <caf/send.hpp>

namespace present {

void node_greeting::write(schema::Hello::Builder to) const {
  to.setFormatVersion(schema::FORMAT_VERSION);
  to.setCluster(cluster.c_str());
  to.setNode(node.value);
  to.setStore(store.value);
  to.setBoot(boot);
}

peer_link::peer_link(network::network_loop& loop,
                     std::shared_ptr<network::tls_configuration> tls,
                     network::rpc_link_options options, node_greeting greeting, node_id peer)
    : loop_(loop), greeting_(std::move(greeting)), peer_(peer),
      link_(loop, std::move(tls), std::move(options),
            {[this](capnp::Capability::Client gate, const network::peer_identity&) {
               on_up(kj::mv(gate));
             },
             [this](const std::string& why) { on_down(why); }}) {
}

void peer_link::attach(link_actor actor) {
  actor_ = std::move(actor);
  if (there_ != nullptr)
    caf::anon_send(actor_, link_up{});
}

void peer_link::detach(const caf::actor_addr& actor) {
  if (actor_ && actor_.address() == actor)
    actor_ = nullptr;
}

void peer_link::on_up(capnp::Capability::Client gate) {
  const auto connection = ++connection_;
  auto ask = gate.castAs<schema::Gate>().peerRequest();
  greeting_.write(ask.initHello());
  loop_.detach(ask.send().then([this, connection](auto answer) {
    if (connection != connection_)
      return;
    const auto refused = decode_error(answer.getError());
    if (refused.code != error_code::ok) {
      loop_.log(network::log_severity::error,
                "node " + std::to_string(peer_.value) + " refuses us: " + refused.message);
      return;
    }
    there_ = answer.getPeer();
    if (actor_)
      caf::anon_send(actor_, link_up{});
  }));
}

void peer_link::on_down(const std::string&) {
  ++connection_;
  const bool was_up = there_ != nullptr;
  there_ = nullptr;
  if (actor_ && was_up)
    caf::anon_send(actor_, link_down{});
}

void peer_link::deliver(std::vector<link_send> batch) {
  KJ_IF_MAYBE(there, there_) {
    auto call = there->deliverRequest();
    auto messages = call.initMessages(static_cast<unsigned>(batch.size()));
    for (unsigned place = 0; place < batch.size(); ++place)
      encode_message(batch[place].partition, batch[place].what, messages[place]);
    loop_.detach(call.send().then([this, connection = connection_] {
      if (connection == connection_ && actor_)
        caf::anon_send(actor_, link_drained{});
    }, [](kj::Exception&&) {})); // the link goes down, and says so itself
  }
}

kj::Promise<kj::Maybe<node_report>> peer_link::ask_report(kj::Duration patience) {
  using answer = kj::Maybe<node_report>;
  KJ_IF_MAYBE(there, there_) {
    return there->reportRequest()
      .send()
      .then([](auto reply) -> answer { return decode_report(reply.getReport()); },
            [](kj::Exception&&) -> answer { return nullptr; })
      .exclusiveJoin(loop_.timer().afterDelay(patience).then([]() -> answer { return nullptr; }));
  }
  return answer{nullptr};
}

// -- the actor's end ---------------------------------------------------------------

network_wire::network_wire(network::network_thread& thread, std::shared_ptr<peer_links> links,
                           node_id peer, link_actor actor)
    : thread_(thread), links_(std::move(links)), peer_(peer), actor_(actor.address()) {
  thread_.post([links = links_, peer, actor = std::move(actor)](auto&) {
    if (const auto found = links->find(peer); found != links->end())
      found->second->attach(actor);
  });
}

network_wire::~network_wire() {
  thread_.post([links = links_, peer = peer_, actor = actor_](auto&) {
    if (const auto found = links->find(peer); found != links->end())
      found->second->detach(actor);
  });
}

void network_wire::deliver(std::vector<link_send> batch) {
  thread_.post([links = links_, peer = peer_, batch = std::move(batch)](auto&) mutable {
    if (const auto found = links->find(peer); found != links->end())
      found->second->deliver(std::move(batch));
  });
}

} // namespace present
