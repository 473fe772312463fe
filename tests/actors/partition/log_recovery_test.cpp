#include "actors/partition/log_recovery.hpp"

#include "actors/raft/raft_machine.hpp"
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
  REQUIRE(journal.append({&write, 1}).front());
  return journal;
}

/// As the shell translates it.
storage::journal_write first_write_of(raft::raft_machine& replica, time_ms now = 0) {
  for (auto& effect : replica.step({now, raft::time_passed{}}))
    if (auto* wanted = std::get_if<raft::persist>(&effect))
      return {whose, wanted->hard, wanted->entries, wanted->base, wanted->drop_tail,
              wanted->number, wanted->follows};
  FAIL("nothing was written");
  return {};
}

} // namespace

TEST_CASE("a state within the log only says how far it was applied") {
  auto journal = journal_with_entries();
  for (const std::uint64_t index : {2, 4, 5}) {
    auto found = *journal.recover(whose);
    catch_up_log(found, mark(index, 1));
    CHECK_FALSE(found.mark_unwritten);
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
    catch_up_log(found, mark(index, at_term));
    CHECK(found.mark_unwritten);
    CHECK(found.snapshot == mark(index, at_term));
    CHECK(found.entries.empty());
    CHECK(found.applied == log_index{index});
    CHECK(raft::raft_log{found}.last() == log_index{index});

    // The replica tells the journal with its first write, before anything else.
    raft::raft_machine replica{{1}, {}, {}, found, 0};
    const auto first = first_write_of(replica);
    REQUIRE(journal.append({&first, 1}).front());
    auto again = *journal.recover(whose);
    catch_up_log(again, mark(index, at_term));
    CHECK_FALSE(again.mark_unwritten);
    CHECK(again.hard == found.hard);
    CHECK(again.snapshot == mark(index, at_term));
    CHECK(again.entries.empty());
  }
}

TEST_CASE("a journal that is full takes the state's mark later, and takes it whole") {
  auto journal = journal_with_entries();
  auto found = *journal.recover(whose);
  catch_up_log(found, mark(4, 3));
  raft::raft_machine replica{{1}, {}, {}, found, 0};
  auto refused = first_write_of(replica);
  journal.fail_next(make_error(error_code::disk_full, "full"));
  REQUIRE_FALSE(journal.append({&refused, 1}).front());
  replica.step({1, raft::persist_failed{refused.number, true}});

  // What would come next on its own would make a log of two terms.
  storage::journal_write next{whose, found.hard, {entry(5, 3)}, {}, false};
  next.number = refused.number + 1;
  next.follows = refused.number;
  CHECK(journal.append({&next, 1}).front().problem().code == error_code::disk_full);

  const auto retried = first_write_of(replica, 1000);
  REQUIRE(journal.append({&retried, 1}).front());
  const auto again = *journal.recover(whose);
  CHECK(again.snapshot == mark(4, 3));
  CHECK(again.entries.empty());
}

TEST_CASE("a state that ends before the log begins is missing, and the log stays whole") {
  auto journal = journal_with_entries();
  for (const std::uint64_t index : {0, 1}) {
    auto found = *journal.recover(whose);
    catch_up_log(found, mark(index, 1));
    CHECK(found.state == raft::state_standing::missing);
    CHECK(found.applied == log_index{2});
    CHECK(found.entries.size() == 3);
    CHECK_FALSE(found.mark_unwritten);
  }
}

TEST_CASE("a state that holds something is unchecked, an empty one needs no check") {
  storage::memory_journal empty{{"alpha", {1}, {7}, 1}};
  auto found = *empty.recover(whose);
  catch_up_log(found, {});
  CHECK(found.state == raft::state_standing::sound);
  found = *journal_with_entries().recover(whose);
  catch_up_log(found, mark(4, 1));
  CHECK(found.state == raft::state_standing::unchecked);
}

TEST_CASE("a replica that was never written has nothing to catch up with") {
  storage::memory_journal journal{{"alpha", {1}, {7}, 1}};
  auto found = *journal.recover(whose);
  catch_up_log(found, {});
  CHECK_FALSE(found.mark_unwritten);
  CHECK(found.applied == log_index{0});
}
