#include "actors/journal/journal_actor.hpp"
#include "runtime/edge/log.hpp"
#include "storage/memory_journal.hpp"
#include "tests/runtime/supervision/actor_world.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace present;
using namespace present::supervision;

namespace {

using storage::journal_write;

constexpr partition_id one{1};
constexpr partition_id two{2};

journal_write write(partition_id whose, std::uint64_t number, std::uint64_t follows,
                    std::uint64_t index, std::uint64_t at_term) {
  return {whose, {{at_term}, {}}, {{{at_term}, {index}}}, {}, false, number, follows};
}

/// Writes that were answered, by partition: "1 2", and "!3" where one failed.
struct told {
  std::string numbers;
  void note(const std::string& what) { numbers += (numbers.empty() ? "" : " ") + what; }
};

journal_listener::behavior_type listen(journal_listener::pointer, std::shared_ptr<told> heard) {
  return {
    [heard](const journal_written& what) { heard->note(std::to_string(what.number)); },
    [heard](const journal_failed& what) {
      heard->note("!" + std::to_string(what.number)
                  + (what.why.code == error_code::disk_full ? " full" : ""));
    },
    [](journal_loaded&) {},
  };
}

struct journal_under_test {
  test::simulated_world world;
  std::shared_ptr<storage::memory_journal> disk
    = std::make_shared<storage::memory_journal>(storage::store_identity{"alpha", {1}, {7}, 1});
  journal_actor journal = world.system.spawn<journal_shell>(disk);
  std::map<partition_id, std::shared_ptr<told>> heard{{one, std::make_shared<told>()},
                                                      {two, std::make_shared<told>()}};
  std::map<partition_id, journal_listener> partitions{
    {one, world.system.spawn(listen, heard[one])},
    {two, world.system.spawn(listen, heard[two])}};

  journal_under_test() { edge::redirect_log([](edge::log_level, std::string_view) {}); }
  ~journal_under_test() {
    caf::anon_send_exit(journal, caf::exit_reason::user_shutdown);
    for (const auto& [id, actor] : partitions)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    world.run();
    edge::redirect_log({});
  }

  /// Comes into the journal's mailbox; nothing is carried out yet.
  void give(journal_write what) {
    const auto& reply_to = partitions[what.partition];
    caf::anon_send(journal, journal_append{std::move(what), reply_to});
  }
  /// How many entries the journal says that the disk has.
  std::size_t recovered(partition_id whose) {
    caf::scoped_actor self{world.system};
    auto pending = self->request(journal, caf::infinite, journal_recover{whose});
    world.run();
    std::size_t entries = 0;
    pending.receive(
      [&](const journal_recovered& said) {
        REQUIRE(said.found);
        entries = said.found->entries.size();
      },
      [](const caf::error&) { FAIL("the journal is gone"); });
    return entries;
  }
  /// Whether the partition's data are gone, or spared.
  journal_left leave(partition_id whose, std::uint64_t members_index) {
    caf::scoped_actor self{world.system};
    auto pending = self->request(journal, caf::infinite, journal_leave{whose, {members_index}});
    world.run();
    journal_left left;
    pending.receive([&](const journal_left& said) { left = said; },
                    [](const caf::error&) { FAIL("the journal is gone"); });
    return left;
  }
  std::size_t entries_of(partition_id whose) {
    const auto found = disk->recover(whose);
    REQUIRE(found);
    return found->entries.size();
  }
};

} // namespace

TEST_CASE("what has gathered goes into one commit") {
  journal_under_test it;
  it.give(write(one, 1, 0, 1, 1));
  it.give(write(two, 1, 0, 1, 1));
  it.give(write(one, 2, 1, 2, 1));
  it.world.run();
  CHECK(it.disk->unsynced() == 1);
  CHECK(it.heard[one]->numbers == "1 2");
  CHECK(it.heard[two]->numbers == "1");
}

TEST_CASE("after a full disk no later commit takes what was queued behind (J5, E1)") {
  journal_under_test it;
  it.give(write(one, 1, 0, 1, 1));
  it.world.run();
  it.disk->fail_next(make_error(error_code::disk_full, "full"));
  it.give(write(one, 2, 1, 2, 1));
  it.give(write(two, 1, 0, 1, 1));
  it.world.run();
  // Written by a replica that hasn't heard yet; there is room by now.
  it.give(write(one, 3, 2, 2, 2));
  it.give(write(two, 2, 0, 1, 1));
  it.world.run();
  CHECK(it.heard[one]->numbers == "1 !2 full !3 full");
  CHECK(it.heard[two]->numbers == "!1 full 2");
  // The retry, after it has heard.
  it.give(write(one, 4, 1, 2, 2));
  it.world.run();
  CHECK(it.heard[one]->numbers == "1 !2 full !3 full 4");
  CHECK(it.entries_of(one) == 2);
}

TEST_CASE("a recovery sees what the partition's last life had given to the journal") {
  journal_under_test it;
  it.give(write(one, 1, 0, 1, 1));
  CHECK(it.recovered(one) == 1);
  it.give(write(one, 1, 0, 2, 1)); // the first of the next life
  it.world.run();
  CHECK(it.heard[one]->numbers == "1 1");
}

TEST_CASE("a commit that fails otherwise ends the journal's life (rule 12)") {
  journal_under_test it;
  it.disk->fail_next(make_error(error_code::damaged, "sync failed"));
  it.give(write(one, 1, 0, 1, 1));
  it.world.run();
  CHECK(it.heard[one]->numbers == "!1");
  it.give(write(one, 2, 0, 1, 1));
  it.world.run();
  CHECK(it.heard[one]->numbers == "!1");
}

TEST_CASE("a partition that leaves takes its log along, also what had only been given to the journal") {
  journal_under_test it;
  it.give(write(one, 1, 0, 1, 1));
  const auto left = it.leave(one, 0);
  CHECK(left.how);
  CHECK_FALSE(left.spared);
  CHECK(it.entries_of(one) == 0);
}

TEST_CASE("a log stays that has named this node a member since what the map knows (membership, I4)") {
  journal_under_test it;
  raft::configuration members;
  members.voters = {{2}, {3}};
  SUBCASE("as a voter") { members.voters.push_back({1}); }
  SUBCASE("as one that is to be a voter no more") { members.outgoing = {{1}}; }
  SUBCASE("as a learner") { members.learners = {{1}}; }
  auto by_entry = write(one, 1, 0, 7, 1);
  by_entry.base = raft::snapshot_mark{{6}, {1}, {}};
  by_entry.entries.front().kind = raft::entry_kind::configuration;
  by_entry.entries.front().members = std::make_shared<const raft::configuration>(members);
  it.give(by_entry);
  auto by_snapshot = write(two, 1, 0, 8, 1);
  by_snapshot.base = raft::snapshot_mark{{7}, {1}, members};
  it.give(by_snapshot);
  for (const auto whose : {one, two}) {
    CHECK(it.leave(whose, 6).spared);
    CHECK(it.leave(whose, 7).spared);
    CHECK(it.entries_of(whose) == 1);
    CHECK_FALSE(it.leave(whose, 8).spared);
    CHECK(it.entries_of(whose) == 0);
  }
}

TEST_CASE("a log goes whose last configuration is without this node") {
  journal_under_test it;
  auto what = write(one, 1, 0, 1, 1);
  what.entries.push_back({{1}, {2}});
  for (auto& entry : what.entries)
    entry.kind = raft::entry_kind::configuration;
  raft::configuration with, without;
  with.voters = {{1}, {2}, {3}};
  without.voters = {{2}, {3}};
  what.entries[0].members = std::make_shared<const raft::configuration>(with);
  what.entries[1].members = std::make_shared<const raft::configuration>(without);
  it.give(what);
  CHECK_FALSE(it.leave(one, 1).spared);
}
