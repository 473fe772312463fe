#include "storage/journal.hpp"
#include "storage/keys.hpp"
#include "storage/log_codec.hpp"
#include "storage/memory_journal.hpp"
#include "tests/storage/edited_env.hpp"
#include "tests/storage/scratch_folder.hpp"

using namespace present;
using namespace present::storage;

namespace {

const store_identity ours{"alpha", {1}, {77}};

raft::entry command(std::uint64_t index, std::uint64_t at_term,
                    const std::string& payload) {
  return {{at_term},
          {index},
          raft::entry_kind::command,
          std::make_shared<const std::string>(payload)};
}

journal_write write(std::uint32_t partition, std::uint64_t at_term,
                    std::vector<raft::entry> entries) {
  return {{partition}, {{at_term}, {1}}, std::move(entries)};
}

journal_write numbered(std::uint64_t number, std::uint64_t follows, journal_write what) {
  what.number = number;
  what.follows = follows;
  return what;
}

raft::snapshot_mark mark(std::uint64_t index, std::uint64_t at_term) {
  return {{index}, {at_term}, {{{1}, {2}, {3}}}};
}

std::string text(const std::vector<raft::entry>& entries) {
  std::string all;
  for (const auto& entry : entries)
    all += std::to_string(entry.index.value) + "@"
           + std::to_string(entry.at_term.value) + "=" + *entry.payload + " ";
  return all;
}

std::string text(const result<std::vector<raft::entry>>& found) {
  REQUIRE(found);
  return text(*found);
}

std::string text(result<raft::recovered_state> found) {
  REQUIRE(found);
  return text(found->entries);
}

/// The journal on disk.
struct on_disk {
  scratch_folder folder;
  std::unique_ptr<journal> store;

  on_disk() { reopen(); }
  void reopen() {
    store.reset();
    auto opened = journal::open(folder.path() / "journal", ours);
    REQUIRE(opened);
    store = std::move(*opened);
  }
  journal_store& operator*() { return *store; }
  journal_store* operator->() { return store.get(); }
  void damage(partition_id partition, log_index index) {
    corrupt(journal_keys::entry(partition, index));
  }
  void corrupt(const std::string& key) {
    store.reset();
    storage::corrupt(folder.path() / "journal", key);
    reopen();
  }
};

/// Its twin.
struct in_memory {
  memory_journal disk{ours};

  void reopen() { disk.crash(disk.unsynced()); }
  journal_store& operator*() { return disk; }
  journal_store* operator->() { return &disk; }
  void damage(partition_id partition, log_index index) {
    reopen();
    REQUIRE(disk.damage(partition, index));
  }
};

status append(journal_store& log, journal_write what) {
  return log.append({&what, 1}).front();
}

} // namespace

TEST_CASE_TEMPLATE("what was appended is there after reopening", Store, on_disk,
                   in_memory) {
  Store log;
  CHECK(log->recover({3})->entries.empty());
  const journal_write batch[] = {
    write(3, 5, {command(1, 5, "a"), command(2, 5, "b")}),
    write(4, 6, {command(1, 6, "c")}),
    write(5, 7, {}),
  };
  for (const auto& done : log->append(batch))
    REQUIRE(done);
  log.reopen();
  CHECK(*log->partitions() == std::vector<partition_id>{{3}, {4}, {5}});
  CHECK(text(log->recover({3})) == "1@5=a 2@5=b ");
  CHECK(text(log->recover({4})) == "1@6=c ");
  CHECK(log->recover({5})->hard == raft::hard_state{{7}, {1}});
  CHECK(log->recover({3})->promised == raft::log_position{});
}

TEST_CASE_TEMPLATE("a new suffix replaces the old one, however long", Store,
                   on_disk, in_memory) {
  Store log;
  REQUIRE(append(*log, write(1, 1, {command(1, 1, "a"), command(2, 1, "b"),
                                    command(3, 1, "c"), command(4, 1, "d")})));
  REQUIRE(append(*log, write(1, 2, {command(2, 2, "x")})));
  CHECK(text(log->recover({1})) == "1@1=a 2@2=x ");
  log.reopen();
  CHECK(text(log->recover({1})) == "1@1=a 2@2=x ");
  CHECK(append(*log, write(1, 2, {command(3, 2, "y")})));
}

TEST_CASE_TEMPLATE("a write that would leave a gap is refused, and it alone (J2)",
                   Store, on_disk, in_memory) {
  Store log;
  REQUIRE(append(*log, write(1, 1, {command(1, 1, "a")})));
  const journal_write batch[] = {
    write(2, 1, {command(1, 1, "good")}),
    write(1, 1, {command(3, 1, "gap")}),
  };
  const auto answers = log->append(batch);
  REQUIRE(answers.size() == 2);
  CHECK(answers[0]);
  REQUIRE_FALSE(answers[1]);
  CHECK(answers[1].problem().code == error_code::invalid);
  CHECK(text(log->recover({2})) == "1@1=good ");
  CHECK(text(log->recover({1})) == "1@1=a ");
  CHECK_FALSE(append(*log, write(1, 1, {command(2, 1, "b"), command(4, 1, "d")})));
  CHECK(append(*log, write(1, 1, {command(2, 1, "b")})));
}

TEST_CASE_TEMPLATE("a mark takes the place of what it replaced", Store, on_disk,
                   in_memory) {
  Store log;
  REQUIRE(append(*log, write(1, 1, {command(1, 1, "a"), command(2, 1, "b"),
                                    command(3, 1, "c")})));
  auto compaction = write(1, 1, {command(4, 1, "d")});
  compaction.base = mark(2, 1);
  REQUIRE(append(*log, compaction));
  log.reopen();
  const auto found = log->recover({1});
  CHECK(text(found) == "3@1=c 4@1=d ");
  CHECK(found->snapshot == mark(2, 1));
  CHECK(log->load({1}, {2}, 100).problem().code == error_code::too_old);

  SUBCASE("an older mark changes nothing") {
    compaction.base = mark(1, 1);
    compaction.entries.clear();
    REQUIRE(append(*log, compaction));
    CHECK(text(log->recover({1})) == "3@1=c 4@1=d ");
  }
  SUBCASE("a mark beyond the log drops all of it") {
    auto installed = write(1, 2, {});
    installed.base = mark(9, 2);
    REQUIRE(append(*log, installed));
    CHECK(text(log->recover({1})).empty());
    CHECK(append(*log, write(1, 2, {command(10, 2, "j")})));
  }
  SUBCASE("a mark that contradicts the log drops what is behind it too") {
    auto installed = write(1, 2, {});
    installed.base = mark(3, 2);
    installed.drop_tail = true;
    REQUIRE(append(*log, installed));
    CHECK(text(log->recover({1})).empty());
    CHECK(append(*log, write(1, 2, {command(4, 2, "j")})));
  }
}

TEST_CASE_TEMPLATE("loading stops at its bound, after one entry at least", Store,
                   on_disk, in_memory) {
  Store log;
  const std::string kilobyte(1024, 'k');
  REQUIRE(append(*log, write(1, 1, {command(1, 1, kilobyte),
                                    command(2, 1, kilobyte),
                                    command(3, 1, kilobyte)})));
  CHECK(log->load({1}, {1}, 1)->size() == 1);
  CHECK(log->load({1}, {1}, 2048)->size() == 2);
  CHECK(log->load({1}, {2}, 1 << 20)->size() == 2);
  CHECK(log->load({1}, {4}, 1 << 20)->empty());
  CHECK(log->load({2}, {1}, 1 << 20)->empty());
}

TEST_CASE_TEMPLATE("a damaged entry ends the log, and the promise outlives "
                   "restarts and short writes (rule 15)",
                   Store, on_disk, in_memory) {
  Store log;
  REQUIRE(append(*log, write(1, 1, {command(1, 1, "a"), command(2, 1, "b"),
                                    command(3, 1, "c"), command(4, 1, "d")})));
  log.damage({1}, {3});
  CHECK(log->scrub({1}, {}, 1000)->damaged == std::vector<log_index>{{3}});
  auto found = log->recover({1});
  CHECK(text(found) == "1@1=a 2@1=b ");
  CHECK(found->promised == raft::log_position{{4}, {1}});
  CHECK(log->load({1}, {3}, 100)->empty());

  REQUIRE(append(*log, write(1, 1, {command(3, 1, "c")})));
  log.reopen();
  found = log->recover({1});
  CHECK(text(found) == "1@1=a 2@1=b 3@1=c ");
  CHECK(found->promised == raft::log_position{{4}, {1}});

  SUBCASE("until the log reaches as far again") {
    REQUIRE(append(*log, write(1, 1, {command(4, 1, "d")})));
  }
  SUBCASE("or a later leadership has written to it") {
    REQUIRE(append(*log, write(1, 2, {command(3, 2, "x")})));
  }
  log.reopen();
  CHECK(log->recover({1})->promised == raft::log_position{});
}

TEST_CASE_TEMPLATE("the last entry damaged is noticed all the same", Store,
                   on_disk, in_memory) {
  Store log;
  REQUIRE(append(*log, write(1, 4, {command(1, 4, "a")})));
  log.damage({1}, {1});
  const auto found = log->recover({1});
  CHECK(text(found).empty());
  CHECK(found->promised == raft::log_position{{1}, {4}});
}

TEST_CASE_TEMPLATE("a partition that left leaves its word: term, vote, and how far its log went",
                   Store, on_disk, in_memory) {
  Store log;
  auto voted = write(1, 4, {command(1, 3, "a"), command(2, 4, "b")});
  voted.hard.voted_for = {2};
  REQUIRE(append(*log, voted));
  REQUIRE(append(*log, write(2, 1, {command(1, 1, "b")})));
  REQUIRE(log->leave({1}));
  REQUIRE(log->leave({1}));
  REQUIRE(log->leave({9})); // was never here
  log.reopen();
  CHECK(*log->partitions() == std::vector<partition_id>{{1}, {2}});
  const auto left = log->recover({1});
  CHECK(left->hard == voted.hard);
  CHECK(left->entries.empty());
  CHECK(left->snapshot == raft::snapshot_mark{});
  CHECK(left->promised == raft::log_position{{2}, {4}});
  CHECK(text(log->recover({2})) == "1@1=b ");
  SUBCASE("and it comes back with a log of its own") {
    REQUIRE(append(*log, write(1, 5, {command(1, 3, "a")})));
    CHECK(log->recover({1})->promised == raft::log_position{{2}, {4}});
    REQUIRE(append(*log, write(1, 5, {command(2, 5, "c")})));
    CHECK(log->recover({1})->promised == raft::log_position{});
  }
}

TEST_CASE_TEMPLATE("a partition that left after a snapshot promises what that held",
                   Store, on_disk, in_memory) {
  Store log;
  auto snapshot = write(1, 4, {});
  snapshot.base = raft::snapshot_mark{{7}, {3}, {}};
  REQUIRE(append(*log, snapshot));
  REQUIRE(log->leave({1}));
  log.reopen();
  CHECK(log->recover({1})->promised == raft::log_position{{7}, {3}});
  CHECK(log->recover({1})->snapshot == raft::snapshot_mark{});
}

TEST_CASE_TEMPLATE("what is remembered of the peers comes back as it was last written, and goes "
                   "when the partition leaves (P19)",
                   Store, on_disk, in_memory) {
  Store log;
  using book = std::vector<raft::witnessed>;
  auto remembering = write(1, 4, {command(1, 4, "a")});
  remembering.witnesses
    = std::make_shared<const book>(book{{{2}, {22}, 3, 4, {5}, {{6}, {7}}}, {{3}, {33}}});
  REQUIRE(append(*log, remembering));
  REQUIRE(append(*log, write(1, 4, {command(2, 4, "b")})));
  log.reopen();
  CHECK(*log->witnesses({1}) == *remembering.witnesses);
  CHECK(log->witnesses({2})->empty());
  REQUIRE(log->leave({1}));
  log.reopen();
  CHECK(log->witnesses({1})->empty());
}

TEST_CASE_TEMPLATE("the map is kept beside the logs", Store, on_disk, in_memory) {
  Store log;
  CHECK_FALSE(log->read_map()->has_value());
  REQUIRE(log->write_map("first"));
  REQUIRE(log->write_map("second"));
  log.reopen();
  CHECK(**log->read_map() == "second");
  CHECK(log->partitions()->empty());
}

TEST_CASE_TEMPLATE("each opening has a higher boot number, and one store id",
                   Store, on_disk, in_memory) {
  Store log;
  const auto before = log->identity();
  log.reopen();
  CHECK(log->identity().boot == before.boot + 1);
  CHECK(log->identity().store == ours.store);
}

// -- what follows a failed write (J5) ----------------------------------------------

TEST_CASE_TEMPLATE("a write that follows a refused one is refused, the next try is not (J5)",
                   Store, on_disk, in_memory) {
  Store log;
  REQUIRE(append(*log, numbered(1, 0, write(1, 1, {command(1, 1, "a")}))));
  // Number 2 never arrived. Without it number 3 fits the log, and would make it one
  // that no leader ever had: what number 2 replaced is still there.
  REQUIRE_FALSE(append(*log, numbered(3, 2, write(1, 2, {command(2, 2, "x")}))));
  CHECK(text(log->load({1}, {1}, 100)) == "1@1=a ");
  REQUIRE(append(*log, numbered(4, 1, write(1, 2, {command(2, 2, "y")}))));
  CHECK_FALSE(append(*log, numbered(5, 3, write(1, 2, {}))));
  CHECK(append(*log, numbered(6, 4, write(1, 2, {command(3, 2, "z")}))));
  log.reopen();
  CHECK(text(log->recover({1})) == "1@1=a 2@2=y 3@2=z ");
}

TEST_CASE_TEMPLATE("recovery begins a new chain, an old one's writes don't fit in (J5)", Store,
                   on_disk, in_memory) {
  Store log;
  REQUIRE(append(*log, numbered(1, 0, write(1, 1, {command(1, 1, "a")}))));
  REQUIRE(append(*log, numbered(2, 1, write(1, 1, {command(2, 1, "b")}))));
  REQUIRE(log->recover({1}));
  CHECK_FALSE(append(*log, numbered(3, 2, write(1, 1, {command(3, 1, "late")}))));
  CHECK(append(*log, numbered(1, 0, write(1, 2, {command(2, 2, "x")}))));
}

TEST_CASE_TEMPLATE("in one commit a chain may grow, and breaks for its partition alone (J5)",
                   Store, on_disk, in_memory) {
  Store log;
  const journal_write batch[] = {
    numbered(1, 0, write(1, 1, {command(1, 1, "a")})),
    numbered(2, 1, write(1, 1, {command(2, 1, "b")})),
    numbered(4, 3, write(1, 1, {command(3, 1, "c")})),
    numbered(5, 4, write(1, 1, {command(4, 1, "d")})),
    numbered(1, 0, write(2, 1, {command(1, 1, "e")})),
  };
  const auto answers = log->append(batch);
  REQUIRE(answers.size() == 5);
  CHECK(answers[0]);
  CHECK(answers[1]);
  CHECK_FALSE(answers[2]);
  CHECK_FALSE(answers[3]);
  CHECK(answers[4]);
  log.reopen();
  CHECK(text(log->recover({1})) == "1@1=a 2@1=b ");
  CHECK(text(log->recover({2})) == "1@1=e ");
}

// -- the disk alone ------------------------------------------------------------

TEST_CASE("a folder of another cluster, node or time is refused by name") {
  on_disk log;
  log.store.reset();
  const auto folder = log.folder.path() / "journal";
  const auto refusal = [&](const store_identity& wanted) {
    const auto opened = journal::open(folder, wanted);
    REQUIRE_FALSE(opened);
    CHECK(opened.problem().code == error_code::invalid);
    return opened.problem().message;
  };
  CHECK(refusal({"beta", {1}, {77}}).find("cluster 'alpha'")
        != std::string::npos);
  CHECK(refusal({"alpha", {2}, {77}}).find("node 1") != std::string::npos);
  SUBCASE("another store id is only for new folders") {
    const auto opened = journal::open(folder, {"alpha", {1}, {99}});
    REQUIRE(opened);
    CHECK((*opened)->identity().store == store_id{77});
  }
  SUBCASE("a newer format") {
    const auto key = journal_keys::identity();
    const auto plain = encode_identity({journal_format + 1, ours});
    std::string sealed(plain.size() + seal{}.overhead(), '\0');
    REQUIRE(seal{}.close(key, plain, {}, sealed.data()));
    edit(folder, [&](lmdb_write& txn) { return txn.put(key, sealed); });
    CHECK(refusal(ours).find("newer program") != std::string::npos);
  }
}

TEST_CASE("damaged term and vote are no reason to make up others (rule 16)") {
  on_disk log;
  REQUIRE(append(*log, write(1, 3, {command(1, 3, "a")})));
  CHECK(log.store->check_own_word());
  SUBCASE("flipped") { log.corrupt(journal_keys::hard_state({1})); }
  SUBCASE("missing") {
    log.store.reset();
    edit(log.folder.path() / "journal", [](lmdb_write& txn) -> status {
      REQUIRE(txn.erase(journal_keys::hard_state({1})));
      return success();
    });
    log.reopen();
  }
  const auto found = log->recover({1});
  REQUIRE_FALSE(found);
  CHECK(found.problem().code == error_code::damaged);
  CHECK(log.store->check_own_word().problem().message == found.problem().message);
  CHECK(found.problem().message.find("partition 1: term and vote")
        != std::string::npos);
}

TEST_CASE("an entry under another's key fails its check") {
  on_disk log;
  REQUIRE(append(*log, write(1, 1, {command(1, 1, "a"), command(2, 1, "b")})));
  log.store.reset();
  edit(log.folder.path() / "journal", [](lmdb_write& txn) -> status {
    auto first = txn.get(journal_keys::entry({1}, {1}));
    return txn.put(journal_keys::entry({1}, {2}), std::string{**first});
  });
  log.reopen();
  CHECK(text(log->recover({1})) == "1@1=a ");
}

TEST_CASE("a full disk refuses, keeps what it has, and goes on with room") {
  scratch_folder folder;
  auto opened = journal::open(
    folder.path() / "journal", ours,
    {.initial_map_bytes = 1 << 20, .max_map_bytes = 1 << 20});
  REQUIRE(opened);
  auto& log = **opened;
  const std::string large(100'000, 'x');
  std::uint64_t last = 0;
  status done = success();
  while (done && last < 100)
    if (done = append(log, write(1, 1, {command(last + 1, 1, large)})); done)
      ++last;
  REQUIRE_FALSE(done);
  CHECK(done.problem().code == error_code::disk_full);
  CHECK(log.recover({1})->entries.size() == last);
  auto compaction = write(1, 1, {});
  compaction.base = mark(last, 1);
  REQUIRE(append(log, compaction));
  // LMDB reuses pages two commits after they were freed.
  REQUIRE(append(log, write(1, 1, {})));
  CHECK(append(log, write(1, 1, {command(last + 1, 1, large)})));
}

TEST_CASE("what waited behind a write that found no room finds none either (J5)") {
  scratch_folder folder;
  const lmdb_options small{.initial_map_bytes = 1 << 20, .max_map_bytes = 1 << 20};
  auto opened = journal::open(folder.path() / "journal", ours, small);
  REQUIRE(opened);
  auto& log = **opened;
  REQUIRE(append(log, numbered(1, 0, write(1, 1, {command(1, 1, "a"), command(2, 1, "b")}))));
  // Term 2 replaces what is there; its write is too large, the next one isn't.
  const std::string large(2 << 20, 'x');
  const journal_write first[] = {
    numbered(2, 1, write(1, 2, {command(2, 2, large)})),
    numbered(1, 0, write(2, 1, {command(1, 1, "other")})),
  };
  for (const auto& refused : log.append(first))
    CHECK(refused.problem().code == error_code::disk_full);
  const journal_write second[] = {
    numbered(3, 2, write(1, 2, {command(3, 2, "small")})),
    numbered(2, 0, write(2, 1, {command(1, 1, "other")})),
  };
  const auto answers = log.append(second);
  REQUIRE_FALSE(answers[0]);
  CHECK(answers[0].problem().code == error_code::disk_full);
  CHECK(answers[1]);
  CHECK(text(log.recover({1})) == "1@1=a 2@1=b ");
}

// -- the twin alone --------------------------------------------------------------

TEST_CASE("a crash of the twin loses what wasn't synced, oldest kept first") {
  memory_journal disk{ours};
  REQUIRE(append(disk, write(1, 1, {command(1, 1, "a")})));
  disk.sync();
  REQUIRE(append(disk, write(1, 1, {command(2, 1, "b")})));
  REQUIRE(append(disk, write(1, 2, {command(3, 2, "c")})));
  CHECK(text(disk.recover({1})) == "1@1=a 2@1=b 3@2=c ");
  SUBCASE("all of it") {
    disk.crash();
    CHECK(text(disk.recover({1})) == "1@1=a ");
    CHECK(disk.recover({1})->hard.current_term == term{1});
  }
  SUBCASE("but for what had reached the disk") {
    disk.crash(1);
    CHECK(text(disk.recover({1})) == "1@1=a 2@1=b ");
  }
}

TEST_CASE("a write behind the twin's full disk is refused as full, until it is tried again (J5)") {
  memory_journal disk{ours};
  REQUIRE(append(disk, numbered(1, 0, write(1, 1, {command(1, 1, "a"), command(2, 1, "b")}))));
  disk.fail_next(make_error(error_code::disk_full, "full"));
  REQUIRE_FALSE(append(disk, numbered(2, 1, write(1, 2, {command(2, 2, "x")}))));
  const auto behind = append(disk, numbered(3, 2, write(1, 2, {command(3, 2, "y")})));
  REQUIRE_FALSE(behind);
  CHECK(behind.problem().code == error_code::disk_full);
  REQUIRE(append(disk, numbered(4, 1, write(1, 2, {command(2, 2, "x"), command(3, 2, "y")}))));
  disk.crash(disk.unsynced());
  CHECK(text(disk.recover({1})) == "1@1=a 2@2=x 3@2=y ");
}

TEST_CASE("after a failed commit the twin refuses until it is reopened (J4)") {
  memory_journal disk{ours};
  disk.fail_next(make_error(error_code::disk_full, "full"));
  CHECK(append(disk, write(1, 1, {})).problem().code == error_code::disk_full);
  CHECK(append(disk, write(1, 1, {})));
  disk.fail_next(make_error(error_code::damaged, "sync failed"));
  CHECK_FALSE(append(disk, write(1, 1, {command(1, 1, "a")})));
  CHECK_FALSE(append(disk, write(1, 1, {command(1, 1, "a")})));
  disk.crash(disk.unsynced());
  CHECK(text(disk.recover({1})).empty());
  CHECK(append(disk, write(1, 1, {command(1, 1, "a")})));
}
