#include "actors/http/http_service.hpp"

#include "actors/http/api_service.hpp"
#include "actors/http/readiness.hpp"

namespace present::http {

namespace {

/// A node that can't even report is not ready, and says so rather than failing.
kj::Promise<std::string> readiness_of(node_services& services) {
  return kj::evalNow([&] { return services.reports->ask(); })
    .then([](node_report_ptr report) { return why_not_ready(*report); },
          [](kj::Exception&& problem) {
            return std::string{problem.getDescription().cStr()};
          });
}

} // namespace

std::shared_ptr<network::http_routes>
health_routes(const std::shared_ptr<node_services>& services) {
  auto routes = std::make_shared<network::http_routes>();
  network::add_health_routes(*routes, {[services] { return readiness_of(*services); },
                                       [services] { return services->metrics->text(); }});
  return routes;
}

std::shared_ptr<network::http_routes>
node_routes(const std::shared_ptr<node_services>& services, kj::Timer& timer) {
  auto routes = health_routes(services);
  std::make_shared<api_service>(services, timer)->add_to(*routes);
  return routes;
}

} // namespace present::http
