#include "tests/actors/node/cluster_content.hpp"

using namespace present;
using namespace present::test;

TEST_CASE("a replica that was away for too long gets a snapshot, and is as good as any "
          "(rule 10, P18)") {
  three_nodes cluster;
  // Checkpoints every few writes, and no log kept behind them.
  cluster.checkpoint_bytes = 200'000;
  cluster.raft.max_retained_bytes = 0;
  cluster.start_and_found();
  auto admin = cluster.connect("admin");
  auto db = cluster.connect("client");
  REQUIRE(db->create_space("things"));
  put_all(*db, 0);

  cluster.stop(3);
  put_all(*db, 1);
  cluster.start(3);
  wait_until_caught_up(*admin, 3);
  CHECK(snapshots_installed(*admin, 3) == "1");

  // It counts in a quorum, reads what the others wrote, and restarts from disk.
  cluster.stop(2);
  check_all(*db, 1);
  put_all(*db, 2);
  cluster.stop(3);
  cluster.start(3);
  wait_until_available(*admin, 2);
  check_all(*db, 2);
  cluster.start(2);
  wait_until_caught_up(*admin, 2);
  check_all(*db, 2);

  check_disks(cluster);
}
