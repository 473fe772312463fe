#pragma once

#include "runtime/base/ids.hpp"

#include <string>

/// Paths of a node's actors: their place in its supervision tree
/// (system_tree.cpp) and their name in its address book.
namespace present::paths {

inline const std::string node = "node";
inline const std::string journal = "node/journal";
inline const std::string checkpointer = "node/checkpointer";
inline const std::string scrubber = "node/scrubber";
inline const std::string router = "node/router";
inline const std::string links = "node/links";
inline const std::string partitions = "node/partitions";
inline const std::string membership = "node/membership";
inline const std::string sessions = "node/sessions";
inline const std::string gate = "node/gate";
inline const std::string reporter = "node/reporter";
inline const std::string own_session = "node/own_session";
inline const std::string client = "node/client";
inline const std::string coordinator = "node/coordinator";

inline std::string link(node_id peer) {
  return links + '/' + std::to_string(peer.value);
}

inline std::string partition(partition_id id) {
  return partitions + '/' + std::to_string(id.value);
}

inline std::string session(std::uint64_t connection) {
  return sessions + '/' + std::to_string(connection);
}

} // namespace present::paths
