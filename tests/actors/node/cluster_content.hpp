#pragma once

#include "actors/partition/entry_codec.hpp"
#include "actors/partition/log_recovery.hpp"
#include "actors/partition/partition_contract.hpp"
#include "actors/partition/partition_machine.hpp"
#include "storage/journal.hpp"
#include "storage/key_file.hpp"
#include "storage/lmdb_state_backend.hpp"
#include "tests/actors/node/three_nodes.hpp"

/// A space of large values in a cluster of three, and what is on the disks of its
/// first partition.
namespace present::test {

inline constexpr int keys = 80;
/// Of the first space.
inline constexpr partition_id whose{1};

inline std::string key(int number) {
  return "key" + std::to_string(100 + number);
}

inline std::string value(int number, int round) {
  return std::string(40'000, static_cast<char>('a' + (number + round) % 26));
}

inline void put_all(client_session& db, int round) {
  for (int number = 0; number < keys; ++number) {
    const auto done = db.put("things", key(number), value(number, round), always{}, 30s);
    REQUIRE_MESSAGE(done, (done ? "" : done.problem().message));
  }
}

inline void check_all(client_session& db, int round) {
  for (int number = 0; number < keys; ++number) {
    const auto found = db.get("things", key(number), 30s);
    REQUIRE_MESSAGE(found, (found ? "" : found.problem().message));
    CHECK(found->value == value(number, round));
  }
}

/// Waits until the leader knows that this replica has the whole log.
inline void wait_until_caught_up(client_session& admin, std::uint32_t n) {
  wait_for_status(admin, "catching up", [=](const cluster_status& seen) {
    if (!seen.available || seen.partitions.size() <= whose.value)
      return false;
    const auto& replicas = seen.partitions[whose.value].replicas;
    return std::any_of(replicas.begin(), replicas.end(), [=](const auto& one) {
      return one.node == node_id{n} && one.state == "follower" && one.lag == 0;
    });
  });
}

/// As its tree shows it, once the node that we ask has found it again.
inline std::string snapshots_installed(client_session& admin, std::uint32_t n) {
  auto tree = admin.tree({n});
  for (const auto give_up = std::chrono::steady_clock::now() + 30s;
       !tree && std::chrono::steady_clock::now() < give_up; tree = admin.tree({n}))
    std::this_thread::yield();
  REQUIRE_MESSAGE(tree, (tree ? "" : tree.problem().message));
  for (const auto& child : tree->children)
    if (child.id == "node/partitions")
      for (const auto& [name, said] : child.children[whose.value].more)
        if (name == "snapshots_installed")
          return said;
  return "not shown";
}

/// Of a stopped replica, as its next start finds it: the last checkpoint, sound to
/// the last row, and the log behind it applied.
inline storage::state_digest digest_at_rest(const three_nodes& cluster, std::uint32_t n) {
  const auto data = cluster.data(n);
  auto keys = storage::key_file::open(cluster.storage_key(n));
  REQUIRE(keys);
  auto journal = storage::journal::open(
    data / "journal", {cluster.cluster(), {n}, cluster.store(n), 0}, {}, keys->get());
  REQUIRE_MESSAGE(journal, (journal ? "" : journal.problem().message));
  auto found = (*journal)->recover(whose);
  REQUIRE_MESSAGE(found, (found ? "" : found.problem().message));
  auto state = storage::lmdb_state_backend::open(
    data / "state" / "1", {cluster.cluster(), whose, cluster.store(n)}, {},
    keys->get());
  REQUIRE_MESSAGE(state, (state ? "" : state.problem().message));
  REQUIRE(storage::verify(**state));
  const auto mark = (*state)->applied();
  REQUIRE(mark);
  partition::catch_up_log(*found, *mark);
  storage::state table{**state};
  partition::settings settings;
  settings.id = whose;
  settings.self = {n};
  partition::partition_machine machine{settings, table, *mark};
  for (const auto& entry : found->entries) {
    if (entry.index <= mark->index)
      continue;
    std::shared_ptr<const entry_batch> batch;
    if (entry.kind == raft::entry_kind::command) {
      auto decoded = decode_entry(*entry.payload);
      REQUIRE(decoded);
      batch = std::make_shared<const entry_batch>(std::move(*decoded));
    }
    partition::effects none;
    machine.step({0, 0, partition::committed{entry.index, entry.at_term, std::move(batch)}},
                 none);
  }
  machine.write_back();
  return *table.digest();
}

/// Stops all nodes: what is on their disks is sound, the same, and more than `keys`.
inline void check_disks(three_nodes& cluster) {
  for (std::uint32_t n = 1; n <= 3; ++n)
    cluster.stop(n);
  const auto digest = digest_at_rest(cluster, 1);
  CHECK(digest.total().count > keys);
  CHECK(digest_at_rest(cluster, 2) == digest);
  CHECK(digest_at_rest(cluster, 3) == digest);
}

} // namespace present::test
