#pragma once

#include "actors/gate/gate_service.hpp"
#include "runtime/network/http_routes.hpp"

#include <kj/timer.h>

#include <memory>

namespace present::http {

/// What a node serves over HTTP: health, readiness and metrics, and all that is
/// below /v1. For the network thread.
std::shared_ptr<network::http_routes>
node_routes(const std::shared_ptr<node_services>& services, kj::Timer& timer);

/// Health, readiness and metrics alone, which tell nothing that anybody stored.
std::shared_ptr<network::http_routes>
health_routes(const std::shared_ptr<node_services>& services);

} // namespace present::http
