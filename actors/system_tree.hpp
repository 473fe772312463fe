#pragma once

#include "actors/client/client_actor.hpp"
#include "actors/link/link_actor.hpp"
#include "actors/partition/partition_actor.hpp"
#include "actors/reporter/node_report.hpp"
#include "actors/scrub/scrub_machine.hpp"
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
/// simulation replaces. Who is in the cluster and what this node keeps of it comes
/// from the map (actors/membership).
struct system_parts {
  member_status self;
  std::string cluster; ///< trust domain
  /// Opens the journal anew: called at each start of its actor.
  std::function<result<std::shared_ptr<storage::journal_store>>()> open_journal;
  std::function<wire_factory(node_id peer, const std::string& address)> wire_to;
  /// What a replica is made of; called once per replica, when the map asks for it.
  std::function<partition_setup(partition_id)> setup_of;
  std::function<result<std::vector<partition_id>>()> partitions_on_disk;
  std::function<status(partition_id)> remove_state;
  std::optional<own_client_parts> own_client; ///< empty: without one
  scrub::settings scrub;
  std::shared_ptr<supervision::address_book> addresses;
};

/// The supervision tree of a node.
supervision::supervisor_spec system_tree(const system_parts& parts);

} // namespace present
