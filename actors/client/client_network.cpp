#include "actors/client/client_network.hpp"

#include "actors/client/gateway_links.hpp"
#include "actors/reporter/report_codec.hpp"
#include "runtime/edge/log.hpp"
#include "runtime/network/certificate_watch.hpp"
#include "runtime/network/error_codec.hpp"

#include <caf/send.hpp>

#include <future>

namespace present::client {

namespace {

constexpr std::uint32_t handshake_timeout_ms = 5'000;

} // namespace

client_network::client_network(network::log_sink log) : thread_(std::move(log)) {
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
    loop.host<network::certificate_watch>(
      loop,
      network::tls_files{options.authority, options.certificate, options.key}, *tls);
    made->links_ = &loop.host<gateway_links>(loop, *tls);
    for (const auto& endpoint : options.endpoints)
      made->links_->add_endpoint(endpoint.address, endpoint.node, endpoint.pinned);
    return success();
  });
  if (!begun)
    return begun.problem();
  return made;
}

supervision::host_thread client_network::host() {
  return thread_.worker();
}

void client_network::send(const send_attempt& what, const client_actor& from) {
  thread_.post([this, one = outgoing{what, from}](network::network_loop&) mutable {
    links_->send(std::move(one));
  });
}

void client_network::fetch_map(node_id from, const client_actor& asker) {
  thread_.post([this, from, asker](network::network_loop& loop) {
    loop.detach(links_->fetch_map(from).then(
      [asker](map_fetched what) { caf::anon_send(asker, std::move(what)); },
      [from, asker](kj::Exception&&) { caf::anon_send(asker, map_fetched{from, nullptr}); }));
  });
}

// -- for those who block ------------------------------------------------------------

/// `find` promises a link that is up, `ask` turns it into a promise of the result;
/// both on the network thread.
template <class T, class Find, class Ask>
result<T> client_network::ask_link(Find find, Ask ask, std::chrono::milliseconds patience) {
  auto done = std::make_shared<std::promise<result<T>>>();
  auto answer = done->get_future();
  thread_.post([find = std::move(find), ask = std::move(ask),
                done](network::network_loop& loop) mutable {
    loop.detach(
      kj::evalNow([&] { return find(); })
        .then([ask = std::move(ask)](gateway_link* link) mutable {
          return link->owed(ask(*link));
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

template <class T, class Ask>
result<T> client_network::ask_any(Ask ask, std::chrono::milliseconds patience) {
  return ask_link<T>(
    [this] {
      return links_->wait_for_any().then([this] {
        auto* link = links_->any_up();
        if (!link)
          kj::throwFatalException(KJ_EXCEPTION(DISCONNECTED, "no node can be reached"));
        return link;
      });
    },
    std::move(ask), patience);
}

result<cluster_map_ptr> client_network::map(std::chrono::milliseconds patience) {
  return ask_any<cluster_map_ptr>(
    [](gateway_link& link) {
      return link.fetch_map().then(
        [](cluster_map_ptr map) { return result<cluster_map_ptr>{std::move(map)}; });
    },
    patience);
}

// -- for operators -----------------------------------------------------------------

namespace {

/// `ask` turns an `Admin` into a promise of the result, on the network thread.
template <class T, class Ask>
auto through_admin(Ask ask) {
  return [ask = std::move(ask)](gateway_link& link) mutable {
    return link.admin().then([ask = std::move(ask)](result<schema::Admin::Client> admin) mutable
                             -> kj::Promise<result<T>> {
      if (!admin)
        return result<T>{admin.problem()};
      return ask(*admin);
    });
  };
}

} // namespace

template <class T, class Ask>
result<T> client_network::ask_admin(Ask ask, std::chrono::milliseconds patience) {
  return ask_any<T>(through_admin<T>(std::move(ask)), patience);
}

template <class T, class Ask>
result<T> client_network::ask_admin_at(const std::string& endpoint, Ask ask,
                                       std::chrono::milliseconds patience) {
  return ask_link<T>(
    [this, endpoint]() -> kj::Promise<gateway_link*> {
      auto* link = links_->at(endpoint);
      if (!link)
        kj::throwFatalException(KJ_EXCEPTION(FAILED, kj::str(endpoint, " is not one of the endpoints")));
      return link->wait_until_up().then([link] { return link; });
    },
    through_admin<T>(std::move(ask)), patience);
}

result<node_self> client_network::self(const std::string& endpoint,
                                       std::chrono::milliseconds patience) {
  return ask_admin_at<node_self>(
    endpoint,
    [](schema::Admin::Client admin) {
      return admin.selfRequest().send().then([](auto answer) -> result<node_self> {
        auto refused = decode_error(answer.getError());
        if (refused.code != error_code::ok)
          return refused;
        return node_self{decode_member(answer.getSelf()), {answer.getMapEpoch()}};
      });
    },
    patience);
}

present::status client_network::initialise(const std::string& endpoint,
                                  const std::vector<member_status>& members,
                                  std::uint32_t partitions,
                                  std::chrono::milliseconds patience) {
  return ask_admin_at<std::monostate>(
    endpoint,
    [members, partitions](schema::Admin::Client admin) {
      auto ask = admin.initialiseRequest();
      auto to = ask.initMembers(static_cast<unsigned>(members.size()));
      for (unsigned place = 0; place < members.size(); ++place)
        encode_member(members[place], to[place]);
      ask.setPartitions(partitions);
      return ask.send().then([](auto answer) -> present::status {
        auto refused = decode_error(answer.getError());
        if (refused.code != error_code::ok)
          return refused;
        return success();
      });
    },
    patience);
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

result<std::vector<observe::span>>
client_network::trace(const observe::trace_context& which, std::chrono::milliseconds patience) {
  using spans = std::vector<observe::span>;
  return ask_admin<spans>(
    [which](schema::Admin::Client admin) {
      auto ask = admin.traceRequest();
      ask.setTraceHigh(which.trace_high);
      ask.setTraceLow(which.trace_low);
      return ask.send().then([which](auto answer) -> result<spans> {
        auto refused = decode_error(answer.getError());
        if (refused.code != error_code::ok)
          return refused;
        return decode_spans(which, answer.getSpans());
      });
    },
    patience);
}

} // namespace present::client
