#pragma once

#include "actors/gate/gate_service.hpp"
#include "actors/http/client_asker.hpp"
#include "actors/http/plan.hpp"
#include "actors/reporter/cluster_reports.hpp"
#include "runtime/network/http_routes.hpp"

#include <memory>

namespace present::http {

/// What is served below /v1 (`route_table`). Any node answers for the whole cluster:
/// keys and spaces through the node's own client, the rest by asking its peers.
/// Lives on the network thread; the routes keep it.
class api_service final : public std::enable_shared_from_this<api_service> {
public:
  api_service(const std::shared_ptr<node_services>& services, kj::Timer& timer);

  void add_to(network::http_routes& routes);

private:
  kj::Promise<network::http_reply> serve(const api_route& route, network::http_request asked);
  kj::Promise<void> serve_watch(const api_route& route, const network::http_request& asked,
                                network::http_stream& to);
  kj::Promise<network::http_reply> answer(action what, network::http_request asked,
                                          const observe::trace_context& trace);
  kj::Promise<network::http_reply> ask_cluster(plan made);
  kj::Promise<network::http_reply> make_lock_space(plan made);
  kj::Promise<network::http_reply> show_status();
  kj::Promise<network::http_reply> show_tree(node_id node);
  kj::Promise<network::http_reply> show_actor(node_id node, std::string id);
  kj::Promise<network::http_reply> show_trace(const std::string& id);

  observe::tracer& tracer_;
  kj::Timer& timer_;
  cluster_reports reports_;
  std::shared_ptr<client_asker> client_;
};

} // namespace present::http
