#include "actors/partition/log_recovery.hpp"

#include "actors/raft/raft_log.hpp"
#include "storage/memory_journal.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::partition;

namespace {

constexpr partition_id whose{3};

raft::snapshot_mark mark(std::uint64_t index, std::uint64_t at_term) {
  return {{index}, {at_term}, {{{1}, {2}, {3}}, {}, {}, {}}};
}

raft::entry entry(std::uint64_t index, std::uint64_t at_term) {
  return {{at_term}, {index}, raft::entry_kind::empty, nullptr, nullptr};
}

/// A log after index 2, with entries of term 1 up to 5.
storage::memory_journal journal_with_entries() {
  storage::memory_journal journal{{"alpha", {1}, {7}, 1}};
  storage::journal_write write;
  write.partition = whose;
  write.hard = {{4}, {2}};
  write.base = mark(2, 1);
  write.entries = {entry(3, 1), entry(4, 1), entry(5, 1)};
  REQUIRE(journal.append({&write, 1}));
  return journal;
}

} // namespace

TEST_CASE("a state within the log only says how far it was applied") {
  auto journal = journal_with_entries();
  for (const std::uint64_t index : {2, 4, 5}) {
    auto found = *journal.recover(whose);
    CHECK_FALSE(catch_up_log(whose, found, mark(index, 1)));
    CHECK(found.applied == log_index{index});
    CHECK(found.entries.size() == 3);
    CHECK(found.snapshot.index == log_index{2});
  }
}

TEST_CASE("a state that an unfinished installation left ahead of the log begins it anew") {
  struct situation {
    std::uint64_t index;
    std::uint64_t at_term;
  };
  // Beyond the end, and within a log that contradicts it.
  for (const auto& [index, at_term] : {situation{9, 3}, situation{4, 3}}) {
    CAPTURE(index);
    auto journal = journal_with_entries();
    auto found = *journal.recover(whose);
    const auto write = catch_up_log(whose, found, mark(index, at_term));
    REQUIRE(write);
    CHECK(found.snapshot == mark(index, at_term));
    CHECK(found.entries.empty());
    CHECK(found.applied == log_index{index});
    CHECK(write->hard == found.hard);
    CHECK(raft::raft_log{found}.last() == log_index{index});

    // The journal takes it, then what comes next; and so it stands there.
    REQUIRE(journal.append({&*write, 1}));
    storage::journal_write more;
    more.partition = whose;
    more.hard = found.hard;
    more.entries = {entry(index + 1, 4)};
    REQUIRE(journal.append({&more, 1}));
    auto again = *journal.recover(whose);
    CHECK_FALSE(catch_up_log(whose, again, mark(index, at_term)));
    CHECK(again.snapshot.index == log_index{index});
    CHECK(again.entries.size() == 1);
  }
}

TEST_CASE("a replica that was never written has nothing to catch up with") {
  storage::memory_journal journal{{"alpha", {1}, {7}, 1}};
  auto found = *journal.recover(whose);
  CHECK_FALSE(catch_up_log(whose, found, {}));
  CHECK(found.applied == log_index{0});
}
