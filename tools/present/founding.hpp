#pragma once

#include "actors/client/client.hpp"

#include <chrono>
#include <string>
#include <vector>

/// How nodes become a cluster: what `cluster init` and `up` do.
namespace present::tools {

/// Asks the nodes at `endpoints` who they are, waiting for those that don't answer yet,
/// then asks each of them to found one cluster with all of them (P19). `session` is an
/// admin's, opened with these endpoints. Nothing happens if they are a cluster of these
/// nodes already; what was interrupted is gone on with. `invalid` names the node that
/// belongs to another.
status found_cluster(client_session& session, const std::vector<std::string>& endpoints,
                     std::uint32_t partitions, std::chrono::milliseconds patience);

} // namespace present::tools
