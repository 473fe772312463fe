#pragma once

#include "actors/gate/gate_service.hpp"
#include "runtime/network/http_routes.hpp"

#include <memory>

namespace present::http {

/// What a node serves over HTTP. For the network thread.
std::shared_ptr<network::http_routes> node_routes(std::shared_ptr<node_services> services);

} // namespace present::http
