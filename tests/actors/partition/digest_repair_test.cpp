#include "tests/actors/partition/replica_group.hpp"

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

namespace {

settings with_markers(std::uint32_t every_ms, std::size_t checkpoint_bytes) {
  settings machine;
  machine.marker_interval_ms = every_ms;
  machine.checkpoint_bytes = checkpoint_bytes;
  return machine;
}

/// A group that serves, with a marker behind a few keys.
struct filled_group : replica_group {
  explicit filled_group(std::uint32_t nodes, std::uint32_t every_ms = 500,
                        std::size_t checkpoint_bytes = bounds::mib)
      : replica_group(nodes, with_markers(every_ms, checkpoint_bytes)) {
    leader();
    own_space();
    for (int key = 0; key < 20; ++key)
      CHECK(put_key("k" + std::to_string(key), "right").code == error_code::ok);
    pass_until("a marker at which all agree", [this] {
      return at(leader()).it->audit().repair_index() > log_index{};
    });
  }

  /// The disk of a replica says something else of a key, and its sums are right: what no
  /// check of its own can see.
  void alter(std::uint32_t n, const std::string& key, const std::string& value) {
    auto& disk = at(n).disk();
    storage::record_table changes;
    const auto where = storage::record_key::value({1}, key);
    auto row = std::get<storage::value_record>(**disk.get(where));
    row.bytes = bytes(value);
    changes.emplace(where, row);
    REQUIRE(disk.write({changes, *disk.applied()}));
  }
  std::string value_at(std::uint32_t n, const std::string& key) {
    const auto found = at(n).it->table().get_as<storage::value_record>(
      storage::record_key::value({1}, key));
    REQUIRE(found);
    REQUIRE(*found);
    return std::string{(*found)->view()};
  }
  std::uint32_t follower() { return leader() % 3 + 1; }
};

} // namespace

TEST_CASE("replicas that are equal agree at each marker, and an idle group logs none (P24)") {
  filled_group group{3};
  auto& leading = *group.at(group.leader()).it;
  const auto marker = leading.audit().last_marker();
  group.pass(1000);
  const auto end = leading.raft().log().last();
  group.pass(5000);
  CHECK(leading.raft().log().last() == end);
  for (std::uint32_t n = 1; n <= 3; ++n)
    CHECK(group.at(n).it->audit().last_marker() == marker);
}

TEST_CASE("a follower that silently differs is found at the next marker, and repaired (P24, P25)") {
  filled_group group{3};
  const auto damaged = group.follower();
  group.alter(damaged, "k7", "wrong");
  CHECK(group.value_at(damaged, "k7") == "wrong");
  group.put_key("another", "value");
  group.pass_until("found", [&] { return !group.at(damaged).condemned.empty(); });
  CHECK(group.at(damaged).condemned.front().find("a majority") != std::string::npos);
  group.pass_until("repaired", [&] { return !group.at(damaged).lacks_state(); });
  CHECK(group.value_at(damaged, "k7") == "right");
  group.pass(100);
  CHECK(group.value_at(damaged, "another") == "value");
}

TEST_CASE("a leader that silently differs gives way at the next marker, and is repaired (P24, P25)") {
  filled_group group{3};
  const auto damaged = group.leader();
  group.alter(damaged, "k7", "wrong");
  group.put_key("another", "value");
  group.pass_until("found", [&] { return !group.at(damaged).condemned.empty(); });
  CHECK(group.get_key("k7").value);
  CHECK(*group.get_key("k7").value == "right");
  group.pass_until("repaired", [&] { return !group.at(damaged).lacks_state(); });
  CHECK(group.value_at(damaged, "k7") == "right");
}

TEST_CASE("without a majority nobody is right, and what they disagree on is refused (P25)") {
  filled_group group{3};
  const auto leading = group.leader();
  const auto other = leading % 3 + 1;
  group.cut = {other % 3 + 1};
  group.alter(other, "k7", "wrong");
  group.put_key("another", "value");
  group.pass_until("found", [&] {
    return group.at(leading).it->partition().disputed_buckets() == 1;
  });
  CHECK(group.get_key("k7").code == error_code::damaged);
  CHECK(group.get_key("k7").message.find("operator") != std::string::npos);
  CHECK(group.put_key("k7", "new").code == error_code::damaged);
  CHECK(group.ask(read(scan{{1}, "", "", 0, false})).code == error_code::damaged);
  CHECK(*group.get_key("k8").value == "right");
  CHECK(group.at(leading).condemned.empty());
  CHECK(group.at(other).condemned.empty());
  // The third speaks.
  group.cut.clear();
  group.put_key("one", "more");
  group.pass_until("repaired", [&] {
    return !group.at(other).condemned.empty() && !group.at(other).lacks_state();
  });
  CHECK(group.value_at(other, "k7") == "right");
  CHECK(*group.get_key("k7").value == "right");
}

TEST_CASE("a lost state comes from one that a majority agrees with, and from no other (P25)") {
  filled_group group{3, 60'000, 4000};
  const auto leading = group.leader();
  const auto lost = leading % 3 + 1;
  // The disk is beyond the last marker, and one of three is no majority for another.
  for (int number = 0; number < 10; ++number)
    group.put_key("later" + std::to_string(number), std::string(1000, 'x'));
  group.pass(100);
  group.cut = {lost % 3 + 1};
  group.at(lost).hear(damage_reported{true});
  group.pass(10'000);
  CHECK(group.at(lost).lacks_state());
  CHECK(group.put_key("meanwhile", "served").code == error_code::ok);
  group.cut.clear();
  group.pass_until("repaired", [&] { return !group.at(lost).lacks_state(); });
  group.pass(100);
  CHECK(group.value_at(lost, "k7") == "right");
  CHECK(group.value_at(lost, "meanwhile") == "served");
}

TEST_CASE("the last good copy repairs both others, which say that they have none (P25)") {
  filled_group group{3};
  const auto leading = group.leader();
  for (std::uint32_t n = 1; n <= 3; ++n)
    if (n != leading)
      group.at(n).hear(damage_reported{true});
  group.pass_until("repaired", [&] {
    return !group.at(1).lacks_state() && !group.at(2).lacks_state()
           && !group.at(3).lacks_state();
  });
  group.pass(500);
  for (std::uint32_t n = 1; n <= 3; ++n)
    CHECK(group.value_at(n, "k7") == "right");
}

TEST_CASE("the next checkpoint waits while one is repaired, up to twice its size (R8)") {
  settings machine;
  machine.marker_interval_ms = 60'000;
  machine.checkpoint_bytes = 4000;
  replica_group group{3, machine};
  const auto leading = group.leader();
  group.own_space();
  group.put_key("first", "value");
  const auto lost = leading % 3 + 1;
  for (int number = 0; number < 20; ++number)
    group.put_key("filling-" + std::to_string(number), std::string(1000, 'x'));
  group.pass(100);
  REQUIRE(group.at(lost).it->raft().log().base() > log_index{});
  group.cut = {lost % 3 + 1};
  group.at(lost).hear(damage_reported{true});
  group.pass(3'000);
  auto& table = group.at(leading).it->table();
  std::size_t most = 0;
  for (int number = 0; number < 40; ++number) {
    group.put_key("k" + std::to_string(number), std::string(1000, 'y'));
    most = std::max(most, table.active_bytes());
  }
  CHECK(most >= 7000);
  CHECK(most < 10'000);
}
