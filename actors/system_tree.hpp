#pragma once

#include "actors/client/client_actor.hpp"
#include "actors/link/link_actor.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/reporter/node_report.hpp"
#include "actors/session/session_actor.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "storage/journal_store.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace present {

/// What the node's own client is made of: whoever in this node needs the cluster
/// asks `paths::client`.
struct own_client_parts {
  std::string name; ///< the node's SPIFFE id
  std::shared_ptr<client::client_route> route;
  std::shared_ptr<session_route> door; ///< of its session with this node
  /// Called at each start of the client: an id that was never used before.
  std::function<client::settings()> settings;
};

/// What a node's actors are made of: the doors to disk and network, which
/// simulation replaces, and who is in the cluster.
struct system_parts {
  member_status self;
  std::vector<node_id> peers;
  /// One row per partition of this node.
  std::vector<partition_setup> partitions;
  /// Opens the journal anew: called at each start of its actor.
  std::function<result<std::shared_ptr<storage::journal_store>>()> open_journal;
  std::function<wire_factory(node_id)> wire_to;
  std::optional<own_client_parts> own_client; ///< empty: without one
  std::shared_ptr<supervision::address_book> addresses;
};

/// The supervision tree of a node.
supervision::supervisor_spec system_tree(const system_parts& parts);

} // namespace present
