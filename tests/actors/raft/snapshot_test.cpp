#include "tests/actors/raft/replica_under_test.hpp"

using namespace present;
using namespace present::raft;

namespace {

const auto some_bytes = std::make_shared<const std::string>("state");

snapshot_chunk part(std::uint64_t index, std::uint64_t at_term,
                    std::uint64_t offset, bool last) {
  return {{log_index{index}, term{at_term}, voters({1, 2, 3})},
          offset,
          some_bytes,
          last,
          77};
}

/// A leader whose log starts after index 4, and which holds six entries.
replica_under_test compacted_leader() {
  raft_settings settings;
  settings.max_retained_bytes = 0;
  settings.max_pinned_bytes = 0;
  replica_under_test one{replica_under_test::with_voters({1, 2, 3}), settings};
  one.lead();
  for (ticket id = 1; id <= 5; ++id)
    one.tell(propose{id, some_bytes});
  one.flush();
  one.acknowledge(2, 1, 6);
  one.tell(applied{log_index{6}});
  one.tell(compacted{one.machine().log().mark_at(log_index{4})});
  REQUIRE(one.machine().log().base() == log_index{4});
  return one;
}

} // namespace

TEST_CASE("compaction tells the disk the log's new beginning, with its term and members") {
  auto one = compacted_leader();
  REQUIRE(one.effects_of<persist>().size() == 1);
  const auto write = one.effects_of<persist>()[0];
  REQUIRE(write.base.has_value());
  CHECK(write.base->index == log_index{4});
  CHECK(write.base->at_term == term{1});
  CHECK(write.base->members == voters({1, 2, 3}));
  CHECK_FALSE(write.drop_tail);
}

TEST_CASE("part of the log is retained behind a durable state for peers that lag") {
  replica_under_test one;
  one.lead();
  one.tell(propose{1, some_bytes});
  one.flush();
  one.acknowledge(2, 1, 2);
  one.tell(applied{log_index{2}});
  one.tell(compacted{one.machine().log().mark_at(log_index{2})});
  CHECK(one.machine().log().base() == log_index{0});
}

TEST_CASE("a peer whose next entry is gone gets a snapshot, a part at a time (rule 10)") {
  auto one = compacted_leader();
  REQUIRE(one.effects_of<read_snapshot>().size() == 1);
  CHECK(one.effects_of<read_snapshot>()[0].offset == 0);
  one.tell(snapshot_read{node(3), part(4, 1, 0, false)});
  REQUIRE(one.sent<snapshot_chunk>().size() == 1);
  one.hear(3, 1, snapshot_reply{part(4, 1, 0, false).mark, 5, false});
  REQUIRE(one.effects_of<read_snapshot>().size() == 1);
  CHECK(one.effects_of<read_snapshot>()[0].offset == 5);
  CHECK(one.effects_of<read_snapshot>()[0].digest == 77);
  one.tell(snapshot_read{node(3), part(4, 1, 5, true)});
  one.hear(3, 1, snapshot_reply{part(4, 1, 0, false).mark, 0, true});
  CHECK(one.effects_of<release_snapshot>().size() == 1);
  REQUIRE(one.sent<append_request>().size() == 1);
  CHECK(one.sent<append_request>()[0].second.previous_index == log_index{4});
  CHECK(one.sent<append_request>()[0].second.entries.size() == 2);
}

TEST_CASE("a snapshot resumes where it had got to when the link comes back (rule 10)") {
  auto one = compacted_leader();
  one.tell(snapshot_read{node(3), part(4, 1, 0, false)});
  one.hear(3, 1, snapshot_reply{part(4, 1, 0, false).mark, 5, false});
  one.tell(snapshot_read{node(3), part(4, 1, 5, false)});
  one.tell(link_changed{node(3), false});
  one.tell(link_changed{node(3), true});
  REQUIRE(one.effects_of<read_snapshot>().size() == 1);
  CHECK(one.effects_of<read_snapshot>()[0].offset == 5);
}

TEST_CASE("a snapshot that is no more is begun anew") {
  auto one = compacted_leader();
  one.tell(snapshot_read{node(3), part(4, 1, 0, false)});
  one.hear(3, 1, snapshot_reply{part(4, 1, 0, false).mark, 5, false});
  one.tell(snapshot_read{node(3), {}});
  REQUIRE(one.effects_of<read_snapshot>().size() == 1);
  CHECK(one.effects_of<read_snapshot>()[0].offset == 0);
  CHECK(one.effects_of<read_snapshot>()[0].digest == 0);
}

TEST_CASE("an installed snapshot replaces the log; the reply waits for the disk") {
  replica_under_test one;
  one.hear(2, 3, append(0, 0, 0, {command(1, 1), command(2, 1)}));
  one.flush();
  one.hear(2, 3, part(9, 2, 0, true));
  CHECK(one.effects_of<install_snapshot>().size() == 1);
  one.tell(snapshot_installed{part(9, 2, 0, true).mark});
  CHECK(one.sent<snapshot_reply>().empty());
  REQUIRE(one.effects_of<persist>().size() == 1);
  CHECK(one.effects_of<persist>()[0].drop_tail);
  CHECK(one.effects_of<persist>()[0].base->at_term == term{2});
  CHECK(one.machine().commit() == log_index{9});
  one.flush();
  REQUIRE(one.sent<snapshot_reply>().size() == 1);
  CHECK(one.sent<snapshot_reply>()[0].second.installed);
  one.hear(2, 3, append(9, 2, 9, {command(10, 3)}));
  one.flush();
  CHECK(one.sent<append_reply>().back().second.matched == log_index{10});
}

TEST_CASE("what follows the snapshot's end stays, if the log agrees with it") {
  replica_under_test one;
  one.hear(2, 3, append(0, 0, 0, {command(1, 1), command(2, 1), command(3, 1)}));
  one.flush();
  one.hear(2, 3, part(2, 1, 0, true));
  one.tell(snapshot_installed{part(2, 1, 0, true).mark});
  CHECK_FALSE(one.effects_of<persist>()[0].drop_tail);
  CHECK(one.machine().log().last() == log_index{3});
}

TEST_CASE("no campaign while a snapshot is being installed (rule 10)") {
  replica_under_test one;
  one.hear(2, 3, part(9, 2, 0, true));
  one.pass(10'000);
  CHECK(one.machine().role() == role_kind::follower);
  one.tell(snapshot_installed{part(9, 2, 0, true).mark});
  one.pass(10'000);
  CHECK(one.machine().role() == role_kind::pre_candidate);
}

TEST_CASE("a snapshot of what is already here is answered at once") {
  replica_under_test one;
  one.hear(2, 1, append(0, 0, 2, {command(1, 1), command(2, 1)}));
  one.flush();
  one.hear(2, 1, part(2, 1, 0, false));
  CHECK(one.effects_of<install_snapshot>().empty());
  REQUIRE(one.sent<snapshot_reply>().size() == 1);
  CHECK(one.sent<snapshot_reply>()[0].second.installed);
}
