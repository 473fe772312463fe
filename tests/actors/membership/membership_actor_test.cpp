#include "actors/membership/membership_actor.hpp"
#include "actors/membership/map_codec.hpp"
#include "actors/membership/placement.hpp"
#include "actors/system_names.hpp"
#include "runtime/edge/log.hpp"
#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

using namespace present;
using supervision::test::simulated_world;

namespace {

constexpr node_id self{1};
constexpr node_id peer{2};

cluster_map one_map() {
  std::vector<cluster_map::node> all;
  for (std::uint32_t id = 1; id <= 3; ++id)
    all.push_back({{id}, {100 + id}, storage::node_state::active, "address", ""});
  return founding_map("c", std::move(all), 1);
}

/// A journal that has kept a map.
journal_actor::behavior_type keep_map(journal_actor::pointer) {
  return {
    [](const journal_append&) {},
    [](const journal_load&) {},
    [](const journal_scrub&) {},
    [](const journal_recover&) { return journal_recovered{}; },
    [](const journal_leave&) { return journal_left{}; },
    [](const journal_read_map&) { return journal_map{std::optional{encode_map(one_map())}}; },
    [](const journal_write_map&) { return journal_done{}; },
    [](const journal_commit&) {},
  };
}

/// A link whose supervisor has not come to make its address known.
link_actor::behavior_type link_of(link_actor::pointer here, membership_actor membership,
                                  std::shared_ptr<std::size_t> offers,
                                  std::shared_ptr<std::size_t> asked) {
  return {
    [](const link_send&) {},
    [here, membership](const link_up& what) {
      here->send(membership, peer_reached{peer, what.store});
    },
    [here, membership](link_down) { here->send(membership, peer_lost{peer}); },
    [](link_drained) {},
    [offers](const link_offer&) { ++*offers; },
    [asked](link_ask) { ++*asked; },
  };
}

/// Whatever is to be started runs already.
supervision::supervisor_handle::behavior_type keep_all(supervision::supervisor_handle::pointer) {
  return {
    [](supervision::start_child&) {
      return supervision::start_child_answer{make_error(error_code::invalid, "it is there")};
    },
    [](supervision::stop_child&) { return supervision::stop_child_answer{success()}; },
    [](const supervision::child_initialised&) {},
    [](const supervision::wake_up&) {},
  };
}

membership_parts parts_with(std::shared_ptr<supervision::address_book> addresses) {
  membership_parts parts;
  parts.machine = {.self = self, .store = {101}, .cluster = "c"};
  parts.addresses = std::move(addresses);
  parts.link_spec = [](node_id, const std::string&) { return supervision::child_spec{}; };
  parts.replica_spec
    = [](const membership::start_replica&) { return supervision::child_spec{}; };
  parts.partitions_on_disk
    = [] { return result<std::vector<partition_id>>{std::vector<partition_id>{}}; };
  parts.remove_state = [](partition_id) { return success(); };
  return parts;
}

/// Membership and a link of one node, without the tree that they have there.
struct node_under_test {
  simulated_world world;
  std::shared_ptr<supervision::address_book> addresses
    = std::make_shared<supervision::address_book>();
  std::shared_ptr<std::size_t> offers = std::make_shared<std::size_t>(0);
  std::shared_ptr<std::size_t> asked = std::make_shared<std::size_t>(0);
  std::shared_ptr<supervision::address_slot> journal = addresses->slot(paths::journal);
  std::shared_ptr<supervision::address_slot> links = addresses->slot(paths::links);
  std::shared_ptr<supervision::address_slot> link_name = addresses->slot(paths::link(peer));
  membership_actor membership;
  link_actor link;

  node_under_test() {
    edge::redirect_log([](edge::log_level, std::string_view) {});
    publish(journal, world.system.spawn(keep_map));
    start_membership();
    link = world.system.spawn(link_of, membership, offers, asked);
  }
  ~node_under_test() {
    for (const auto& slot : {journal, links, link_name})
      slot->clear();
    for (const auto& one : all)
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    world.run();
  }

  void start_membership() {
    membership = world.system.spawn<membership_shell>(parts_with(addresses));
    all.push_back(caf::actor_cast<caf::actor>(membership));
    world.run();
  }
  template <class Handle>
  void publish(const std::shared_ptr<supervision::address_slot>& slot, const Handle& actor) {
    all.push_back(caf::actor_cast<caf::actor>(actor));
    slot->publish(caf::actor_cast<caf::strong_actor_ptr>(actor));
  }
  void tell_link(auto what) {
    caf::anon_send(link, what);
    world.run();
  }

  std::vector<caf::actor> all;
};

} // namespace

TEST_CASE("a link that is up is offered the map, even before it can be found by its name") {
  node_under_test node;
  node.tell_link(link_up{{102}});
  CHECK(*node.offers == 1);
  // A connection that was lost is a new chance.
  node.tell_link(link_down{});
  node.tell_link(link_up{{102}});
  CHECK(*node.offers == 2);
}

TEST_CASE("membership that begins anew asks the links of its former life who is reached") {
  node_under_test node;
  node.publish(node.link_name, node.link);
  node.publish(node.links, node.world.system.spawn(keep_all));
  node.all.push_back(caf::actor_cast<caf::actor>(node.link));
  caf::anon_send_exit(node.membership, caf::exit_reason::user_shutdown);
  node.world.run();
  node.start_membership();
  CHECK(*node.asked == 1);
}
