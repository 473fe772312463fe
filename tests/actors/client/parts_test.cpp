#include "actors/membership/cluster_map.hpp"
#include "actors/client/open_numbers.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

using namespace present;
using namespace present::client;

TEST_CASE("the lowest open number is the lowest, whatever the order of closing") {
  CHECK(rc::check([] {
    open_numbers numbers;
    std::set<operation_number> open;
    std::uint64_t taken = 0;
    for (const auto take : *rc::gen::arbitrary<std::vector<bool>>()) {
      if (take || open.empty()) {
        const auto number = numbers.take();
        RC_ASSERT(number.value == ++taken);
        open.insert(number);
      } else {
        const auto place = *rc::gen::inRange<std::size_t>(0, open.size());
        const auto closed = std::next(open.begin(), static_cast<std::ptrdiff_t>(place));
        numbers.close(*closed);
        open.erase(closed);
      }
      RC_ASSERT(numbers.lowest_open()
                == (open.empty() ? operation_number{taken + 1} : *open.begin()));
    }
  }));
}

TEST_CASE("a key's range is the last that starts at or before it, in its space") {
  cluster_map map;
  map.ranges = {{{1}, "", {1}}, {{1}, "m", {2}}, {{3}, "", {3}}, {{4}, "c", {4}}};
  CHECK(map.range_of({1}, "")->partition == partition_id{1});
  CHECK(map.range_of({1}, "lz")->partition == partition_id{1});
  CHECK(map.range_of({1}, "m")->partition == partition_id{2});
  CHECK(map.range_of({1}, "zz")->partition == partition_id{2});
  CHECK(map.range_of({2}, "a") == nullptr);
  CHECK(map.range_of({3}, "a")->partition == partition_id{3});
  CHECK(map.range_of({4}, "a") == nullptr);
  CHECK(map.range_of({5}, "a") == nullptr);
  CHECK(map.range_after(map.ranges[0]) == &map.ranges[1]);
  CHECK(map.range_after(map.ranges[1]) == nullptr);
  CHECK(map.range_after(map.ranges[3]) == nullptr);
}
