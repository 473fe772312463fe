#include "actors/membership/placement.hpp"
#include "tests/actors/partition/replica_under_test.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

cluster_map::node node_at(std::uint32_t id, std::uint64_t store = 1) {
  return {{id}, {store}, storage::node_state::active, "node-" + std::to_string(id), ""};
}

/// The root of a cluster of three nodes with four data partitions.
settings root_settings() {
  settings made;
  made.id = root_partition;
  made.founding_map = std::make_shared<const cluster_map>(
    founding_map("c", {node_at(1), node_at(2), node_at(3)}, 4));
  return made;
}

class root_under_test : public replica_under_test {
public:
  root_under_test() : replica_under_test(root_settings()) {
    lead({1});
    commit_all();
  }

  answer now(std::uint64_t number, decltype(operation::what) what) {
    auto asked = write(1, number, get{});
    asked.what = std::move(what);
    return now_answer(std::move(asked));
  }
  const cluster_map& map() { return *machine().root_map(); }
  std::size_t kept_by(node_id node) {
    return static_cast<std::size_t>(
      std::count_if(map().partitions.begin(), map().partitions.end(),
                    [&](const auto& group) { return has_node(group.wanted, node); }));
  }
  /// Each partition's leader tells that it is as was wanted, by this map.
  void settle(std::uint64_t number) {
    const auto by_map = map().epoch;
    for (const auto& group : std::vector(map().partitions))
      REQUIRE(now(number++, report_members{group.partition, next(group.members_index),
                                           group.wanted, by_map})
                .code
              == error_code::ok);
  }
};

} // namespace

TEST_CASE("the root's first leader logs what the cluster is born with, once") {
  root_under_test root;
  CHECK(root.map().epoch == map_epoch{2});
  CHECK(root.map().cluster == "c");
  CHECK(root.map().nodes.size() == 3);
  CHECK(root.map().partitions.size() == 5);
  root.follow({2});
  root.lead({3});
  CHECK(root.proposed.empty());
}

TEST_CASE("before its birth a cluster answers that it is not there, and forgets it (P4)") {
  auto unborn = root_settings();
  replica_under_test root{unborn};
  root.hear(role_known{true, {1}, {1}});
  root.leading = {1};
  const auto early = write(1, 1, create_space{"a"});
  // A leader without the founding map: another founder's log before its birth.
  root.commit_entry(std::make_shared<entry_batch>(batch_at(at_ms(-1), {early})), {1});
  CHECK(root.machine().sessions().size() == 0);
}

TEST_CASE("a new space is one range, in the partition that has the fewest") {
  root_under_test root;
  for (std::uint64_t n = 1; n <= 4; ++n)
    CHECK(root.now(n, create_space{"space-" + std::to_string(n)}).code == error_code::ok);
  std::vector<partition_id> owners;
  for (const auto& range : root.map().ranges) {
    CHECK(range.first.empty());
    owners.push_back(range.partition);
  }
  CHECK(owners == std::vector<partition_id>{{1}, {2}, {3}, {4}});
}

TEST_CASE("a space may be cut when it is made (L2)") {
  root_under_test root;
  SUBCASE("evenly") {
    CHECK(root.now(1, create_space{"s", 4}).code == error_code::ok);
    const auto& ranges = root.map().ranges;
    REQUIRE(ranges.size() == 4);
    CHECK(ranges[0].first.empty());
    CHECK(ranges[1].first == "\x40");
    CHECK(ranges[2].first == "\x80");
    CHECK(ranges[3].first == "\xc0");
    CHECK(ranges[3].partition == partition_id{4});
    CHECK(root.map().share_of({2})
          == std::vector<storage::key_range>{{{1}, "\x40", "\x80"}});
  }
  SUBCASE("at keys") {
    CHECK(root.now(1, create_space{"s", 0, {"g", "p"}}).code == error_code::ok);
    CHECK(root.map().range_of({1}, "h")->first == "g");
    CHECK(root.map().range_of({1}, "a")->first.empty());
  }
  SUBCASE("not at keys that do not rise") {
    const auto refused = root.now(1, create_space{"s", 0, {"p", "g"}});
    CHECK(refused.code == error_code::invalid);
    CHECK(refused.message == "split_at: 'g' does not come after 'p'");
  }
  SUBCASE("not in two ways at once") {
    CHECK(root.now(1, create_space{"s", 2, {"g"}}).code == error_code::invalid);
  }
  SUBCASE("not into more than the limit") {
    CHECK(root.now(1, create_space{"s", 257}).code == error_code::too_large);
  }
}

TEST_CASE("a space's number is never used again (C2)") {
  root_under_test root;
  root.now(1, create_space{"things"});
  REQUIRE(root.map().spaces.at("things") == space_id{1});
  root.now(2, drop_space{"things"});
  CHECK(root.map().ranges.empty());
  SUBCASE("at once") {}
  SUBCASE("after a restart") {
    root.restart();
    root.lead({2});
  }
  root.now(3, create_space{"things"});
  CHECK(root.map().spaces.at("things") == space_id{2});
}

TEST_CASE("each change is a new epoch, which a restart keeps; a refusal is none (C1)") {
  root_under_test root;
  const auto before = root.map().epoch;
  root.now(1, create_space{"a"});
  CHECK(root.map().epoch == next(before));
  const auto there = root.now(2, create_space{"a"});
  CHECK(there.code == error_code::version_conflict);
  CHECK(there.version > never);
  CHECK(root.now(3, drop_space{"other"}).code == error_code::unknown_space);
  CHECK(root.now(4, create_space{"no spaces"}).code == error_code::invalid);
  CHECK(root.now(5, create_space{""}).code == error_code::invalid);
  CHECK(root.map().epoch == next(before));
  const auto map = root.map();
  root.restart();
  CHECK(root.map() == map);
}

TEST_CASE("a node that joins takes its part of the replicas, and no more moves (W3)") {
  root_under_test root;
  CHECK(root.now(1, add_node{{4}, {1}, "node-4", ""}).code == error_code::ok);
  CHECK(root.kept_by({4}) == 3); // fifteen replicas on four nodes
  std::size_t moved = 0;
  for (const auto& group : root.map().partitions)
    for (const auto node : group.wanted)
      moved += has_node(group.members, node) ? 0 : 1;
  CHECK(moved == 3);
  SUBCASE("asked again, nothing happens") {
    const auto epoch = root.map().epoch;
    CHECK(root.now(2, add_node{{4}, {1}, "node-4", ""}).code == error_code::ok);
    CHECK(root.map().epoch == epoch);
  }
  SUBCASE("an address has one node") {
    const auto refused = root.now(2, add_node{{5}, {1}, "node-4", ""});
    CHECK(refused.code == error_code::version_conflict);
    CHECK(refused.message == "node 4 has the address node-4 already");
  }
  SUBCASE("a store of its own has to be named") {
    CHECK(root.now(2, add_node{{5}, {0}, "node-5", ""}).code == error_code::invalid);
  }
}

TEST_CASE("a node that lost its data comes back with another store (P19)") {
  root_under_test root;
  CHECK(root.now(1, add_node{{3}, {77}, "node-3", ""}).code == error_code::ok);
  CHECK(root.map().find_node({3})->store == store_id{77});
  CHECK(root.kept_by({3}) == 5);
  // Whoever founds a partition does so with the store that it had then.
  CHECK(root.map().find_partition({1})->founders[2].store == store_id{1});
}

TEST_CASE("a node that is drained gives all it has, and leaves when it has nothing (C4)") {
  root_under_test root;
  root.now(1, add_node{{4}, {1}, "node-4", ""});
  root.settle(10);
  CHECK(root.now(2, drain_node{{2}}).code == error_code::ok);
  CHECK(root.kept_by({2}) == 0);
  CHECK(root.kept_by({4}) == 5);
  const auto early = root.now(3, remove_node{{2}});
  CHECK(early.code == error_code::version_conflict);
  CHECK(early.message.find("drain it, and wait") != std::string::npos);
  SUBCASE("it leaves") {
    root.settle(20);
    CHECK(root.now(4, remove_node{{2}}).code == error_code::ok);
    CHECK(root.map().find_node({2})->state == storage::node_state::left);
    CHECK(root.now(5, drain_node{{2}}).code == error_code::not_found);
    SUBCASE("its number and its address may come back") {
      CHECK(root.now(6, add_node{{2}, {5}, "node-2", ""}).code == error_code::ok);
      CHECK(root.kept_by({2}) == 3);
    }
  }
  SUBCASE("it stays after all") {
    CHECK(root.now(4, drain_node{{2}, true}).code == error_code::ok);
    CHECK(root.kept_by({2}) >= 3);
  }
}

TEST_CASE("a node leaves when all leaders know that they are not to take it in (C4, P19)") {
  root_under_test root;
  root.now(1, add_node{{4}, {1}, "node-4", ""}); // some partitions are to have it
  const auto before = root.map();
  REQUIRE(root.kept_by({4}) > 0);
  // No leader has told of it as a member yet, when it is wanted no more.
  CHECK(root.now(2, drain_node{{4}}).code == error_code::ok);
  REQUIRE(root.kept_by({4}) == 0);
  const auto drained = root.map().epoch;
  CHECK(root.now(3, remove_node{{4}}).code == error_code::version_conflict);
  std::uint64_t number = 10;
  const auto tell_all = [&](map_epoch by_map) {
    for (const auto& group : before.partitions)
      root.now(number++, report_members{group.partition, group.members_index, group.members,
                                        by_map});
  };
  SUBCASE("their members are as before by the map that wants it no more") {
    tell_all(drained);
    CHECK(root.now(4, remove_node{{4}}).code == error_code::ok);
  }
  SUBCASE("they act by the map before, and by it may take it in") {
    tell_all(before.epoch);
    CHECK(root.now(4, remove_node{{4}}).code == error_code::version_conflict);
  }
  SUBCASE("one hasn't told") {
    root.now(4, report_members{before.partitions.front().partition, {9},
                               before.partitions.front().members, drained});
    CHECK(root.now(5, remove_node{{4}}).code == error_code::version_conflict);
  }
  SUBCASE("one has taken it in meanwhile, by the map before") {
    root.now(4, report_members{{1}, {9}, {{1}, {2}, {4}}, before.epoch});
    tell_all(drained); // of the first partition too late
    CHECK(root.now(5, remove_node{{4}}).code == error_code::version_conflict);
    root.now(6, report_members{{1}, {12}, {{1}, {2}, {3}}, drained});
    CHECK(root.now(7, remove_node{{4}}).code == error_code::ok);
  }
  SUBCASE("it is wanted again") {
    CHECK(root.now(4, drain_node{{4}, true}).code == error_code::ok);
    for (const auto& group : root.map().partitions)
      for (const auto& gone : group.departures)
        CHECK_FALSE(has_node(group.wanted, gone.node));
    CHECK(root.now(5, remove_node{{4}}).code == error_code::version_conflict);
  }
}

TEST_CASE("a map with those who are wanted no more survives a restart") {
  root_under_test root;
  root.now(1, add_node{{4}, {1}, "node-4", ""});
  root.now(2, drain_node{{4}});
  const auto before = root.map();
  REQUIRE(std::any_of(before.partitions.begin(), before.partitions.end(),
                      [](const auto& group) { return !group.departures.empty(); }));
  root.restart();
  CHECK(root.map() == before);
}

TEST_CASE("the last active node can't be drained; one that isn't there neither") {
  root_under_test root;
  root.now(1, drain_node{{1}});
  root.now(2, drain_node{{2}});
  const auto refused = root.now(3, drain_node{{3}});
  CHECK(refused.code == error_code::version_conflict);
  CHECK(refused.message == "node 3 is the last active node: add another one first");
  CHECK(root.now(4, drain_node{{9}}).code == error_code::not_found);
  CHECK(root.now(5, remove_node{{9}}).code == error_code::not_found);
  CHECK(root.now(6, drain_node{{0}}).code == error_code::invalid);
}

TEST_CASE("what a leader told late of its members changes nothing") {
  root_under_test root;
  const auto told = [&](std::uint64_t number, std::uint64_t index, std::uint32_t node) {
    return root.now(number, report_members{{1}, {index}, {{node}}}).code;
  };
  CHECK(told(1, 9, 1) == error_code::ok);
  CHECK(told(2, 7, 2) == error_code::ok);
  CHECK(root.map().find_partition({1})->members == std::vector<node_id>{{1}});
  CHECK(root.now(3, report_members{{9}, {1}, {{1}}}).code == error_code::not_found);
  CHECK(root.now(4, report_members{{1}, {1}, {}}).code == error_code::invalid);
}
