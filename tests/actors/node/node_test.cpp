#include "tests/actors/node/three_nodes.hpp"

using namespace present;
using namespace present::test;

TEST_CASE("nodes whose actors have threads of their own work with those that have not") {
  three_nodes cluster;
  cluster.worker_threads = 2;
  cluster.start_and_found();
  auto admin = cluster.connect("admin");
  auto db = cluster.connect("client");
  REQUIRE(db->create_space("accounts"));
  cluster.worker_threads = 0;
  cluster.stop(2);
  cluster.start(2);
  wait_until_available(*admin, 3);
  for (int number = 0; number < 200; ++number) {
    const auto done = db->put("accounts", "key" + std::to_string(number), "42");
    REQUIRE_MESSAGE(done, (done ? "" : done.problem().message));
  }
  const auto page = db->scan("accounts", {});
  REQUIRE(page);
  CHECK(page->rows.size() == 200);
}

TEST_CASE("three nodes take writes, answer reads, and go on when one of them stops") {
  three_nodes cluster;
  cluster.start_and_found();
  auto admin = cluster.connect("admin");
  auto db = cluster.connect("client");

  const auto made = db->create_space("accounts");
  REQUIRE_MESSAGE(made, (made ? "" : made.problem().message));
  const auto first = db->put("accounts", "alice", "42");
  REQUIRE_MESSAGE(first, (first ? "" : first.problem().message));
  const auto read = db->get("accounts", "alice");
  REQUIRE(read);
  CHECK(read->value == "42");
  CHECK(read->version == first->version);

  SUBCASE("errors are those of the interface") {
    CHECK(db->get("accounts", "bob").problem().code == error_code::not_found);
    CHECK(db->get("nowhere", "bob").problem().code == error_code::unknown_space);
    CHECK(db->put("accounts", "", "x").problem().code == error_code::invalid);
    CHECK(db->put("accounts", std::string(401, 'k'), "x").problem().code
          == error_code::too_large);
    const auto conflict = db->compare_and_set("accounts", "alice", {}, "43");
    CHECK(conflict.problem().code == error_code::version_conflict);
    CHECK(conflict.problem().current_version == first->version.value);
    CHECK(db->compare_and_set("accounts", "alice", first->version, "43"));
    CHECK(db->create_space("accounts").problem().code == error_code::version_conflict);
  }

  SUBCASE("a client's certificate does not open the admin's door") {
    const auto refused = db->status(5s);
    REQUIRE_FALSE(refused);
    CHECK(refused.problem().code == error_code::denied);
    CHECK(refused.problem().message.find("admin") != std::string::npos);
  }

  SUBCASE("the leader stops: another one leads, and nothing is lost") {
    const auto before = wait_until_available(*admin, 3);
    REQUIRE(before.partitions.size() == 5);
    const auto leader = before.partitions[1].leader;
    CHECK(before.partitions[1].failures_tolerated == 1);
    for (const auto& member : before.nodes)
      CHECK_FALSE(member.fenced);
    cluster.stop(leader.value);
    const auto second = db->put("accounts", "bob", "7");
    REQUIRE_MESSAGE(second, (second ? "" : second.problem().message));
    CHECK(db->get("accounts", "alice")->value == "42");
    const auto after = wait_until_available(*admin, 2);
    CHECK(after.partitions[1].leader != leader);
    CHECK(after.partitions[1].failures_tolerated == 0);

    cluster.start(leader.value);
    wait_until_available(*admin, 3);
    const auto page = db->scan("accounts", {});
    REQUIRE(page);
    REQUIRE(page->rows.size() == 2);
    CHECK(page->rows[0].key == "alice");
    CHECK(page->rows[1].value == "7");
  }
}

TEST_CASE("any node shows the tree of each") {
  three_nodes cluster;
  cluster.start_and_found();
  auto admin = cluster.connect("admin");
  wait_until_available(*admin, 3);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    const auto tree = admin->tree({n});
    REQUIRE_MESSAGE(tree, (tree ? "" : tree.problem().message));
    CHECK(tree->id == "node");
    CHECK(tree->node == node_id{n});
    CHECK(tree->children.size() == 13);
  }
}
