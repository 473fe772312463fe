#pragma once

#include "actors/client/client.hpp"
#include "runtime/base/error.hpp"
#include "tools/present/local_cluster.hpp"
#include "tools/present/output.hpp"
#include "tools/present/signal_wait.hpp"

#include <cstdint>
#include <functional>

/// Waiting for a local cluster to become what it should be, while its nodes are
/// tended.
namespace present::tools {

/// Asks for the status until `wanted` holds of it. `deadline` with what was seen
/// last, or `unknown_outcome` when a signal asks to stop.
status wait_for_status(local_cluster& cluster, client_session& admin, signal_wait& signals,
                       std::uint64_t timeout_ms,
                       const std::function<bool(const cluster_status&)>& wanted);

/// Every node is up and every partition can commit.
bool is_whole(const cluster_status& status);

/// Serves until SIGINT or SIGTERM, then stops the cluster.
void serve_until_signal(local_cluster& cluster, signal_wait& signals, output& out);

/// The trees of all nodes below one root; a node that doesn't answer is a leaf
/// that says why.
result<supervision::description> cluster_tree(client_session& admin,
                                              client_session::deadline patience);

} // namespace present::tools
