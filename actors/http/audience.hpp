#pragma once

#include "runtime/base/error.hpp"
#include "runtime/network/peer_identity.hpp"

#include <cstdint>
#include <optional>

namespace present::http {

/// Whom a route is for.
enum class audience : std::uint8_t {
  anyone, ///< who has a certificate of the cluster
  client, ///< keys and batches: clients and admins
  admin,  ///< all else
};

/// Empty if `who` may. A node's certificate is for nodes' talk, not for this. `who`
/// empty is the plain listener: that its operator opened it, on loopback, says that
/// whoever gets there may do everything.
std::optional<error> refusal_of(audience needed,
                                const std::optional<network::peer_identity>& who);

} // namespace present::http
