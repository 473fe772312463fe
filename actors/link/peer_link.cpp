#include "actors/link/peer_link.hpp"

#include "actors/link/peer_codec.hpp"
#include "actors/membership/map_codec.hpp"
#include "actors/reporter/report_codec.hpp"
#include "runtime/edge/entropy.hpp"
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
                     network::rpc_link_options options, node_greeting greeting, node_id peer,
                     link_actor actor)
    : loop_(loop), greeting_(std::move(greeting)), peer_(peer), actor_(std::move(actor)),
      greetings_(options.reconnect, options.seed),
      link_(loop, std::move(tls), std::move(options),
            {[this](capnp::Capability::Client gate, const network::peer_identity&) {
               on_up(kj::mv(gate));
             },
             [this](const std::string& why) { on_down(why); }}),
      tasks_(*this) {
}

void peer_link::taskFailed(kj::Exception&& problem) {
  loop_.log(network::log_severity::warning, network::text_of(problem));
}

void peer_link::on_up(capnp::Capability::Client gate) {
  ++connection_;
  gate_ = gate.castAs<schema::Gate>();
  greet();
}

void peer_link::greet() {
  KJ_IF_MAYBE(gate, gate_) {
    auto ask = gate->peerRequest();
    greeting_.write(ask.initHello());
    tasks_.add(ask.send().then(
      [this, connection = connection_](auto answer) {
        if (connection != connection_)
          return;
        const auto refused = decode_error(answer.getError());
        if (refused.code != error_code::ok)
          return greet_again(refused.message);
        last_complaint_.clear();
        there_ = answer.getPeer();
        caf::anon_send(actor_, link_up{{answer.getHello().getStore()}});
      },
      [this, connection = connection_](kj::Exception&& problem) {
        if (connection == connection_)
          greet_again(network::text_of(problem));
      }));
  }
}

/// A node that can't have us now may soon: it starts, or has yet to hear of us.
void peer_link::greet_again(const std::string& why) {
  if (why != last_complaint_)
    loop_.log(network::log_severity::error,
              "node " + std::to_string(peer_.value) + " refuses us: " + why);
  last_complaint_ = why;
  tasks_.add(loop_.timer()
               .afterDelay(greetings_.on_lost(0) * kj::MILLISECONDS)
               .then([this, connection = connection_] {
                 if (connection == connection_)
                   greet();
               }));
}

void peer_link::on_down(const std::string&) {
  ++connection_;
  gate_ = nullptr;
  const bool was_up = there_ != nullptr;
  there_ = nullptr;
  if (was_up)
    caf::anon_send(actor_, link_down{});
}

void peer_link::deliver(std::vector<link_send> batch) {
  if (there_ == nullptr)
    return;
  auto letter = kj::heap<capnp::MallocMessageBuilder>();
  auto root = letter->initRoot<schema::PeerLetter>();
  root.setMark(schema::LETTER_MARK);
  auto messages = root.initMessages(static_cast<unsigned>(batch.size()));
  for (unsigned place = 0; place < batch.size(); ++place)
    encode_message(batch[place].partition, batch[place].what, messages[place]);
  tasks_.add(link_.send_letter(kj::mv(letter)).then([this, connection = connection_] {
    if (connection == connection_)
      caf::anon_send(actor_, link_drained{});
  }, [](kj::Exception&&) {})); // the link goes down, and says so itself
}

void peer_link::offer(const cluster_map& map) {
  KJ_IF_MAYBE(there, there_) {
    auto call = there->offerMapRequest();
    encode_map(map, call.initMap());
    tasks_.add(call.send().then([](auto&&) {}, [](kj::Exception&&) {})); // offered again
  }
}

kj::Promise<kj::Maybe<node_report>> peer_link::ask_report(kj::Duration patience) {
  using answer = kj::Maybe<node_report>;
  KJ_IF_MAYBE(there, there_) {
    return there->reportRequest()
      .send()
      .then(
        [](auto reply) -> answer {
          auto report = decode_report(reply.getReport());
          return report ? answer{std::move(*report)} : answer{nullptr};
        },
            [](kj::Exception&&) -> answer { return nullptr; })
      .exclusiveJoin(loop_.timer().afterDelay(patience).then([]() -> answer { return nullptr; }));
  }
  return answer{nullptr};
}

kj::Promise<std::vector<observe::span>>
peer_link::ask_spans(const observe::trace_context& trace, kj::Duration patience) {
  using answer = std::vector<observe::span>;
  KJ_IF_MAYBE(there, there_) {
    auto ask = there->spansRequest();
    ask.setTraceHigh(trace.trace_high);
    ask.setTraceLow(trace.trace_low);
    return ask.send()
      .then([trace](auto reply) { return decode_spans(trace, reply.getSpans()); },
            [](kj::Exception&&) { return answer{}; })
      .exclusiveJoin(loop_.timer().afterDelay(patience).then([] { return answer{}; }));
  }
  return answer{};
}

// -- the actor's end ---------------------------------------------------------------

/// Lives on the network thread, but for its making.
struct network_wire::end {
  const std::shared_ptr<const link_maker> maker;
  const node_id peer;
  peer_link* link = nullptr;
};

network_wire::network_wire(network::network_thread& thread,
                           std::shared_ptr<const link_maker> maker, node_id peer,
                           const std::string& address, link_actor actor)
    : thread_(thread), end_(std::make_shared<end>(end{std::move(maker), peer})) {
  thread_.post([end = end_, address, actor = std::move(actor)](network::network_loop& loop) {
    const auto& with = *end->maker;
    network::rpc_link_options options;
    options.address = address;
    options.source = with.source;
    options.expected_name = network::node_dns_name(with.greeting.cluster, end->peer);
    options.seed = edge::machine_entropy().next();
    // A restarted node is worth finding at once: a replica is missing.
    options.reconnect.longest_ms = 250;
    end->link = &loop.host<peer_link>(loop, with.tls, std::move(options), with.greeting,
                                      end->peer, actor);
    (*with.links)[end->peer] = end->link;
  });
}

network_wire::~network_wire() {
  thread_.post([end = end_](network::network_loop& loop) {
    auto& links = *end->maker->links;
    if (const auto found = links.find(end->peer);
        found != links.end() && found->second == end->link)
      links.erase(found);
    loop.evict(*end->link);
  });
}

template <class Task>
void network_wire::with_link(Task task) {
  thread_.post([end = end_, task = std::move(task)](auto&) mutable {
    if (end->link)
      task(*end->link);
  });
}

void network_wire::deliver(std::vector<link_send> batch) {
  with_link([batch = std::move(batch)](peer_link& link) mutable { link.deliver(std::move(batch)); });
}

void network_wire::offer(cluster_map_ptr map) {
  with_link([map = std::move(map)](peer_link& link) { link.offer(*map); });
}

} // namespace present
