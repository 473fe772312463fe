#include "tests/actors/partition/replica_under_test.hpp"

#include <malloc.h>

#include <chrono>
#include <iostream>

using namespace present;
using namespace present::partition;
using namespace present::partition::test;

/// What watches cost a partition. Times are printed, not judged: the number of look-ups,
/// which is what the rule is about, is checked by what is told.
namespace {

constexpr std::uint32_t watches = 10'000;
constexpr std::uint32_t writes = 2'000;

std::size_t bytes_in_use() {
  return ::mallinfo2().uordblks;
}

std::uint64_t write_all(replica_under_test& replica, std::uint64_t& number) {
  const auto begun = std::chrono::steady_clock::now();
  for (std::uint32_t n = 0; n < writes; ++n) {
    ++number;
    replica.now_answer(write(1, number, put_of("written", "v"), number));
  }
  const auto took = std::chrono::steady_clock::now() - begun;
  return static_cast<std::uint64_t>(
           std::chrono::duration_cast<std::chrono::nanoseconds>(took).count())
         / writes;
}

operation watch_of(const std::string& key, bool is_prefix) {
  return read(watch{{1}, key, is_prefix, {}, {}, 60'000, false});
}

} // namespace

TEST_CASE("10,000 watches: under 4 KB each, and a write costs its own (X1)") {
  replica_under_test replica;
  lead_with_space(replica);
  std::uint64_t number = 0;
  write_all(replica, number); // the state is warm
  const auto alone_ns = write_all(replica, number);
  const auto before = bytes_in_use();
  for (std::uint32_t n = 0; n < watches; ++n)
    replica.ask({watch_of("others/" + std::to_string(n), n % 2 == 0)});
  const auto after = bytes_in_use();
  REQUIRE(replica.machine().waiting_watches() == watches);
  const auto among_ns = write_all(replica, number);
  CHECK(replica.machine().waiting_watches() == watches); // nobody else's heard of it
  const auto its = replica.ask({watch_of("written", false)});
  ++number;
  replica.now_answer(write(1, number, put_of("written", "v"), number));
  CHECK(replica.answer_to(its).watched->changes.size() == 1);
  std::cout << "a watch: " << (after - before) / watches << " bytes; a write: " << alone_ns
            << " ns alone, " << among_ns << " ns among " << watches << " watches of others\n";
  if (after > before) // a sanitizer's allocator doesn't say
    CHECK((after - before) / watches < 4 * bounds::kib);
}
