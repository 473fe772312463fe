#include "actors/client/client_network.hpp"

#include "actors/client/gateway_link.hpp"
#include "actors/reporter/report_codec.hpp"
#include "runtime/network/error_codec.hpp"
#include "runtime/edge/entropy.hpp"
#include "runtime/edge/log.hpp"

#include <caf/send.hpp>

#include <future>

namespace present::client {

namespace {

constexpr std::uint32_t handshake_timeout_ms = 5'000;
constexpr auto map_patience = 1000 * kj::MILLISECONDS;

} // namespace

struct client_network::links {
  std::string cluster;
  std::shared_ptr<network::tls_configuration> tls;
  std::map<std::string, gateway_link*> by_address;
  std::map<node_id, gateway_link*> by_node;
};

client_network::client_network(network::log_sink log)
    : links_(std::make_unique<links>()), thread_(std::move(log)) {
}

client_network::~client_network() noexcept {
  thread_.stop();
}

result<std::shared_ptr<client_network>> client_network::open(const connect_options& options) {
  auto material = network::read_tls_material(options.authority, options.certificate, options.key);
  if (!material)
    return material.problem();
  if (options.endpoints.empty())
    return make_error(error_code::invalid, "no endpoint: where is the cluster?");
  const edge::logger log{{}, "client"};
  std::shared_ptr<client_network> made{
    new client_network([log](network::log_severity, const std::string& line) { log.debug(line); })};
  const auto begun = made->thread_.run([&](network::network_loop& loop) -> present::status {
    auto tls = network::tls_configuration::load(*material, loop.timer(), handshake_timeout_ms);
    if (!tls)
      return tls.problem();
    made->links_->tls = *tls;
    made->links_->cluster = (*tls)->self().trust_domain;
    for (const auto& endpoint : options.endpoints)
      made->link_to(loop, endpoint.address, endpoint.node);
    return success();
  });
  if (!begun)
    return begun.problem();
  return made;
}

gateway_link& client_network::link_to(network::network_loop& loop, const std::string& address,
                                      node_id node) {
  auto& known = links_->by_address[address];
  if (!known) {
    network::rpc_link_options options;
    options.address = address;
    options.expected_name = node.value == 0
                              ? links_->cluster
                              : network::node_dns_name(links_->cluster, node);
    options.seed = edge::machine_entropy().next();
    options.reconnect.longest_ms = 250;
    known = &loop.host<gateway_link>(loop, links_->tls, std::move(options), links_->cluster, node);
  }
  if (node.value != 0)
    links_->by_node[node] = known;
  return *known;
}

void client_network::learn_nodes(network::network_loop& loop, const cluster_map& map) {
  for (const auto& node : map.nodes)
    link_to(loop, node.rpc_address, node.id);
}

gateway_link* client_network::any_link_up() {
  for (const auto& [address, link] : links_->by_address)
    if (link->is_up())
      return link;
  return nullptr;
}

kj::Promise<void> client_network::wait_for_any(network::network_loop& loop) {
  if (any_link_up())
    return kj::READY_NOW;
  auto first = loop.timer().afterDelay(map_patience);
  for (const auto& [address, link] : links_->by_address)
    first = first.exclusiveJoin(link->wait_until_up());
  return first;
}

void client_network::send(const send_attempt& what, const client_actor& from) {
  thread_.post([this, one = outgoing{what, from}](network::network_loop&) mutable {
    if (const auto found = links_->by_node.find(one.what.to); found != links_->by_node.end())
      found->second->send(std::move(one));
    else
      caf::anon_send(one.from, attempt_failed{{one.what.attempt, true}});
  });
}

void client_network::fetch_map(node_id from, const client_actor& asker) {
  thread_.post([this, from, asker](network::network_loop& loop) {
    const auto wanted = links_->by_node.find(from);
    const bool there = wanted != links_->by_node.end() && wanted->second->is_up();
    auto ready = there ? kj::Promise<void>{kj::READY_NOW} : wait_for_any(loop);
    auto asked = ready.then([this, link = there ? wanted->second : nullptr]() mutable {
      if (!link)
        link = any_link_up();
      KJ_REQUIRE(link != nullptr, "no node can be reached");
      return link->fetch_map().then([node = link->node()](auto map) {
        return map_fetched{node, std::move(map)};
      });
    });
    loop.detach(asked.then(
      [this, &loop, asker](map_fetched what) {
        learn_nodes(loop, *what.map);
        caf::anon_send(asker, std::move(what));
      },
      [from, asker](kj::Exception&&) { caf::anon_send(asker, map_fetched{from, nullptr}); }));
  });
}

// -- for operators -----------------------------------------------------------------

/// `ask` turns an `Admin` into a promise of the result, on the network thread.
template <class T, class Ask>
result<T> client_network::ask_admin(Ask ask, std::chrono::milliseconds patience) {
  auto done = std::make_shared<std::promise<result<T>>>();
  auto answer = done->get_future();
  thread_.post([this, ask = std::move(ask), done](network::network_loop& loop) mutable {
    loop.detach(
      wait_for_any(loop)
        .then([this] {
          auto* link = any_link_up();
          KJ_REQUIRE(link != nullptr, "no node can be reached");
          return link->admin();
        })
        .then([ask = std::move(ask)](result<schema::Admin::Client> admin) mutable
              -> kj::Promise<result<T>> {
          if (!admin)
            return result<T>{admin.problem()};
          return ask(*admin);
        })
        .then([done](result<T> value) { done->set_value(std::move(value)); },
              [done](kj::Exception&& problem) {
                done->set_value(make_error(error_code::no_quorum, problem.getDescription().cStr()));
              }));
  });
  if (answer.wait_for(patience) != std::future_status::ready)
    return make_error(error_code::no_quorum, "no node answered in time");
  return answer.get();
}

result<cluster_status> client_network::status(std::chrono::milliseconds patience) {
  return ask_admin<cluster_status>(
    [](schema::Admin::Client admin) {
      return admin.statusRequest().send().then([](auto answer) -> result<cluster_status> {
        auto refused = decode_error(answer.getError());
        if (refused.code != error_code::ok)
          return refused;
        return decode_cluster_status(answer.getStatus());
      });
    },
    patience);
}

result<supervision::description> client_network::tree(node_id node,
                                                      std::chrono::milliseconds patience) {
  return ask_admin<supervision::description>(
    [node](schema::Admin::Client admin) {
      auto ask = admin.treeRequest();
      ask.setNode(node.value);
      return ask.send().then([](auto answer) -> result<supervision::description> {
        auto refused = decode_error(answer.getError());
        if (refused.code != error_code::ok)
          return refused;
        return decode_description(answer.getRoot());
      });
    },
    patience);
}

} // namespace present::client
