#include "actors/membership/membership_contract.hpp"
#include "actors/membership/placement.hpp"
#include "actors/system_names.hpp"
#include "actors/system_tree.hpp"
#include "runtime/base/splitmix64.hpp"
#include "runtime/edge/log.hpp"
#include "storage/memory_journal.hpp"
#include "storage/memory_state_home.hpp"
#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace present;

namespace {

constexpr node_id self{7};
constexpr store_id store{11};
constexpr std::uint32_t data_partitions = 7; ///< and the root: more than restarts are allowed

class deaf_operator final : public founding_route {
public:
  void answered(status) override {}
};

using codes = std::vector<error_code>;

response_listener::behavior_type listen(response_listener::pointer,
                                        std::shared_ptr<codes> heard) {
  return {[heard](const partition_response& said) {
    const auto& failure = said.what->failure.code;
    heard->push_back(failure == error_code::ok ? said.what->answers.front().code : failure);
  }};
}

/// One node, alone in its cluster: its whole tree, over a disk in memory.
struct node_under_test {
  supervision::test::simulated_world world;
  storage::memory_journal disk{{"alpha", self, store, 1}};
  std::map<partition_id, std::shared_ptr<storage::state_home>> homes;
  std::shared_ptr<supervision::address_book> addresses
    = std::make_shared<supervision::address_book>();
  std::size_t openings = 0;
  std::size_t crashes = 0;
  bool is_over = false;
  std::optional<supervision::supervision_tree> tree;

  node_under_test() {
    edge::redirect_log([this](edge::log_level, std::string_view line) {
      crashes += line.find("child crashed") != line.npos ? 1 : 0;
    });
    auto settings = world.settings();
    settings.addresses = addresses;
    tree.emplace(world.system, settings, system_tree(parts()),
                 [this](const auto&) { is_over = true; });
    world.run();
    tell_membership();
    pass_time(2000);
  }

  ~node_under_test() {
    tree->ask_to_stop();
    world.run();
    edge::redirect_log({});
  }

  system_parts parts() {
    system_parts made;
    made.addresses = addresses;
    made.cluster = "alpha";
    made.self.id = self;
    made.self.store = store;
    made.open_journal = [this]() -> result<std::shared_ptr<storage::journal_store>> {
      ++openings;
      disk.sync();
      disk.crash();
      return std::shared_ptr<storage::journal_store>{std::shared_ptr<void>{}, &disk};
    };
    made.setup_of = [this](partition_id partition) {
      partition_setup setup;
      setup.machine.id = partition;
      setup.machine.self = self;
      setup.store = store;
      setup.addresses = addresses;
      auto& home = homes[partition];
      if (!home)
        home = std::make_shared<storage::memory_state_home>();
      setup.home = home;
      return setup;
    };
    made.partitions_on_disk = [] { return std::vector<partition_id>{}; };
    made.remove_state = [](partition_id) { return success(); };
    return made;
  }

  void tell_membership() {
    cluster_map::node one{self, store, storage::node_state::active, "nowhere", ""};
    caf::anon_send(
      caf::actor_cast<membership_actor>(addresses->find(paths::membership)),
      found_cluster{std::make_shared<const cluster_map>(
                      founding_map("alpha", {one}, data_partitions)),
                    std::make_shared<deaf_operator>()});
  }

  /// The test coordinator has one order of its own; threads have many.
  void run_shuffled(std::uint64_t seed) {
    auto& jobs = world.scheduler.jobs;
    while (!jobs.empty()) {
      std::swap(jobs.front(), jobs[splitmix64(seed) % jobs.size()]);
      world.scheduler.try_run_once();
    }
  }

  void pass_time(std::uint64_t ms) {
    for (std::uint64_t passed = 0; passed < ms; passed += 50)
      world.advance_ms(50);
  }

  caf::strong_actor_ptr replica(std::uint32_t partition) {
    return addresses->find(paths::partition({partition}));
  }

  /// Into the mailboxes of all data partitions; nothing is carried out yet. Keys that
  /// they don't own come into the log as well.
  std::shared_ptr<codes> write_everywhere(std::uint64_t number) {
    auto heard = std::make_shared<codes>();
    const response_listener to = world.system.spawn(listen, heard);
    for (std::uint32_t partition = 1; partition <= data_partitions; ++partition) {
      auto asked = std::make_shared<request>();
      asked->partition = {partition};
      operation put_something;
      put_something.id = {{5}, {number}};
      put_something.what = put{{1}, "key", std::make_shared<const std::string>("value"), {}};
      asked->operations.push_back(put_something);
      REQUIRE(replica(partition));
      caf::anon_send(caf::actor_cast<partition_actor>(replica(partition)),
                     partition_request{number, asked, to});
    }
    return heard;
  }
};

} // namespace

TEST_CASE("of a failed write only the journal crashes, in whatever order all that depend on it "
          "hear of it: the tree restarts them with it (rule 12)") {
  bool one_is_killed = false;
  SUBCASE("") {}
  SUBCASE("and while one of them begins anew by itself") { one_is_killed = true; }
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    node_under_test node;
    const auto before = node.write_everywhere(1);
    node.world.run();
    CHECK(*before == codes(data_partitions, error_code::wrong_partition));
    REQUIRE(node.openings == 1);
    const auto lost = node.write_everywhere(2);
    if (one_is_killed)
      caf::anon_send_exit(node.replica(3), caf::exit_reason::kill);
    node.disk.fail_next(make_error(error_code::damaged, "a sync failed"));
    node.run_shuffled(seed);
    node.pass_time(2000);
    REQUIRE_FALSE(node.is_over);
    REQUIRE(node.tree->is_ready());
    CHECK(node.openings == 2);
    CHECK(node.crashes == (one_is_killed ? 2 : 1));
    const auto after = node.write_everywhere(3);
    node.world.run();
    CHECK(*after == codes(data_partitions, error_code::wrong_partition));
  }
}
