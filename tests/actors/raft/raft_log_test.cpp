#include "tests/actors/raft/replica_under_test.hpp"

using namespace present;
using namespace present::raft;

namespace {

raft_log three_terms() {
  recovered_state found;
  found.snapshot.members = voters({1, 2, 3});
  found.entries = {command(1, 1), command(2, 1), command(3, 2), command(4, 4),
                   command(5, 4)};
  return raft_log{found};
}

entry change(std::uint64_t index, std::uint64_t at_term, configuration members) {
  return {.at_term = term{at_term},
          .index = log_index{index},
          .kind = entry_kind::configuration,
          .members = std::make_shared<const configuration>(std::move(members))};
}

} // namespace

TEST_CASE("terms are known for every index that is held, and for no other") {
  auto log = three_terms();
  CHECK(log.term_at(log_index{0}) == term{0});
  CHECK(log.term_at(log_index{2}) == term{1});
  CHECK(log.term_at(log_index{3}) == term{2});
  CHECK(log.term_at(log_index{5}) == term{4});
  CHECK_FALSE(log.term_at(log_index{6}).has_value());
}

TEST_CASE("the hint for a prober skips whole terms (rule 8)") {
  auto log = three_terms();
  CHECK(log.last_at_most(log_index{9}, term{9}) == log_position{log_index{5}, term{4}});
  CHECK(log.last_at_most(log_index{5}, term{3}) == log_position{log_index{3}, term{2}});
  CHECK(log.last_at_most(log_index{5}, term{1}) == log_position{log_index{2}, term{1}});
  CHECK(log.last_at_most(log_index{5}, term{0}) == log_position{});
}

TEST_CASE("a configuration goes with its entry when that is cut off (rule 6)") {
  auto log = three_terms();
  log.append(change(6, 4, voters({1, 2, 4})));
  CHECK(log.members() == voters({1, 2, 4}));
  log.truncate_from(log_index{6});
  CHECK(log.members() == voters({1, 2, 3}));
}

TEST_CASE("a mark carries the configuration as of its index (rule 6)") {
  auto log = three_terms();
  log.append(change(6, 4, voters({1, 2, 4})));
  log.append(command(7, 4));
  CHECK(log.mark_at(log_index{5}).members == voters({1, 2, 3}));
  CHECK(log.mark_at(log_index{6}).members == voters({1, 2, 4}));
  log.compact(log_index{6});
  CHECK(log.base() == log_index{6});
  CHECK(log.mark_at(log_index{6}).at_term == term{4});
  CHECK(log.members() == voters({1, 2, 4}));
  CHECK(log.term_at(log_index{7}) == term{4});
  CHECK_FALSE(log.term_at(log_index{5}).has_value());
}

TEST_CASE("compaction between terms keeps each entry's term") {
  for (std::uint64_t at = 1; at <= 5; ++at) {
    auto log = three_terms();
    const auto before = three_terms();
    log.compact(log_index{at});
    for (std::uint64_t index = at; index <= 5; ++index)
      CHECK(log.term_at(log_index{index}) == before.term_at(log_index{index}));
    log.append(command(6, 5));
    CHECK(log.term_at(log_index{6}) == term{5});
  }
}

TEST_CASE("memory is let go of, what is not durable stays") {
  auto log = three_terms();
  log.append(command(6, 4));
  log.evict(log_index{6}, 0);
  CHECK(log.tail_first() == log_index{6});
  CHECK(log.term_at(log_index{2}) == term{1});
  CHECK(log.last() == log_index{6});
}

TEST_CASE("a reset log starts after its mark") {
  auto log = three_terms();
  log.reset({log_index{9}, term{5}, voters({2, 3})});
  CHECK(log.last_position() == log_position{log_index{9}, term{5}});
  CHECK(log.members() == voters({2, 3}));
  log.append(command(10, 6));
  CHECK(log.term_at(log_index{10}) == term{6});
}
