#include "actors/system_tree.hpp"

#include "actors/checkpoint/checkpoint_actor.hpp"
#include "actors/gate/gate_actor.hpp"
#include "actors/journal/journal_actor.hpp"
#include "actors/membership/membership_actor.hpp"
#include "actors/reporter/reporter_actor.hpp"
#include "actors/router/router_actor.hpp"
#include "actors/scrub/scrub_actor.hpp"
#include "actors/transaction/coordinator_actor.hpp"
#include "runtime/supervision/starter.hpp"
#include "runtime/supervision/supervisor_actor.hpp"

namespace present {

using supervision::child_spec;
using supervision::restart_kind;
using supervision::starter;
using supervision::strategy;
using supervision::supervisor_spec;

namespace {

child_spec child(std::string id, std::string kind, supervision::start_function start) {
  child_spec spec;
  spec.id = std::move(id);
  spec.kind = std::move(kind);
  spec.start = std::move(start);
  return spec;
}

child_spec journal_spec(const system_parts& parts) {
  return child("journal", "journal", [open = parts.open_journal](starter& s) {
    auto opened = open();
    if (!opened)
      throw std::runtime_error(opened.problem().message);
    return s.start_detached<journal_shell>(std::move(*opened));
  });
}

child_spec link_spec(const system_parts& parts, node_id peer, const std::string& address) {
  return child(std::to_string(peer.value), "link",
               [=, book = parts.addresses, wire = parts.wire_to(peer, address)](starter& s) {
                 return s.start<link_shell>(peer, book, wire);
               });
}

child_spec replica_spec(const system_parts& parts, const membership::start_replica& what) {
  auto setup = parts.setup_of(what.group.partition);
  setup.machine.founding_map = what.born_with;
  if (what.founds) {
    setup.founders.stores = what.group.founders;
    for (const auto& founder : what.group.founders)
      setup.founders.voters.push_back(founder.node);
  }
  return child(std::to_string(what.group.partition.value), "partition",
               [=](starter& s) { return s.start<partition_shell>(setup); });
}

child_spec membership_spec(const system_parts& parts) {
  membership_parts made;
  made.machine.self = parts.self.id;
  made.machine.store = parts.self.store;
  made.machine.cluster = parts.cluster;
  made.addresses = parts.addresses;
  made.link_spec = [parts](node_id peer, const std::string& address) {
    return link_spec(parts, peer, address);
  };
  made.replica_spec = [parts](const membership::start_replica& what) {
    return replica_spec(parts, what);
  };
  made.partitions_on_disk = parts.partitions_on_disk;
  made.remove_state = parts.remove_state;
  return child("membership", "membership",
               [made](starter& s) { return s.start<membership_shell>(made); });
}

child_spec own_session_spec(const own_client_parts& parts,
                            const std::shared_ptr<supervision::address_book>& book) {
  return child("own_session", "session", [=](starter& s) {
    return s.start<session_shell>(parts.name, true, book, parts.door);
  });
}

child_spec client_spec(const own_client_parts& parts) {
  return child("client", "client", [=](starter& s) {
    return s.start<client::client_shell>(parts.settings(), parts.route);
  });
}

child_spec coordinator_spec(const own_client_parts& parts,
                            const std::shared_ptr<supervision::address_book>& book) {
  return child("coordinator", "coordinator", [=](starter& s) {
    transaction::settings options;
    options.seed = parts.settings().seed;
    return s.start<coordinator_shell>(options, book);
  });
}

} // namespace

/// Top to bottom is start order; stopping goes back up. What stands lower may
/// depend on what stands higher, so a crash takes with it all that is lower.
///
///   node                 rest for one
///   ├── journal          own thread: every write of every partition
///   ├── checkpointer     own thread: frozen tables to disk
///   ├── scrubber         what is on the disk is read back, a little at a time
///   ├── router           the map that clients get
///   ├── links            one for one: a link per peer, as the map says
///   ├── partitions       one for one: a replica per partition, as the map says; one disk
///   │                    may damage several at once, so restarts are counted for each
///   ├── membership       keeps the map, and this node as it says
///   ├── sessions         one for one: a temporary child per connection
///   ├── gate             lets connections in
///   ├── reporter         what operators see
///   ├── own_session      the session of the node's own client with this node
///   ├── client           the node as a client of its cluster
///   └── coordinator      transactions over several partitions whose homes are led here
supervisor_spec system_tree(const system_parts& parts) {
  supervisor_spec node{"node", {strategy::rest_for_one}, {}};
  node.children = {
    journal_spec(parts),
    child("checkpointer", "checkpointer",
          [](starter& s) { return s.start_detached<checkpoint_shell>(); }),
    child("scrubber", "scrubber",
          [options = parts.scrub, book = parts.addresses](starter& s) {
            return s.start<scrub_shell>(options, book);
          }),
    child("router", "router",
          [](starter& s) { return s.start<router_shell>(); }),
    supervision::as_child({"links", {strategy::one_for_one}, {}}),
    supervision::as_child({"partitions",
                           {.how = strategy::one_for_one, .intensity_is_each_childs = true},
                           {}}),
    membership_spec(parts),
    supervision::as_child({"sessions", {strategy::one_for_one}, {}}),
    child("gate", "gate",
          [book = parts.addresses](starter& s) { return s.start<gate_shell>(book); }),
    child("reporter", "reporter",
          [self = parts.self, book = parts.addresses](starter& s) {
            return s.start<reporter_shell>(self, book);
          }),
  };
  if (parts.own_client) {
    node.children.push_back(own_session_spec(*parts.own_client, parts.addresses));
    node.children.push_back(client_spec(*parts.own_client));
    node.children.push_back(coordinator_spec(*parts.own_client, parts.addresses));
  }
  return node;
}

} // namespace present
