#include "actors/membership/cluster_map.hpp"

#include <doctest/doctest.h>

using namespace present;

namespace {

cluster_map small_map() {
  cluster_map map;
  map.nodes = {{{1}}, {{3}}};
  map.ranges = {{{1}, "", {1}}, {{1}, "g", {1}}, {{1}, "m", {2}}, {{1}, "t", {1}},
                {{2}, "", {1}}};
  map.partitions = {{.partition = {0}}, {.partition = {1}, .wanted = {{1}}, .members = {{3}}}};
  return map;
}

} // namespace

TEST_CASE("a partition's share joins its neighbours and stops at a space's end") {
  const auto map = small_map();
  CHECK(map.share_of({1})
        == std::vector<storage::key_range>{{{1}, "", "m"}, {{1}, "t", ""}, {{2}, "", ""}});
  CHECK(map.share_of({2}) == std::vector<storage::key_range>{{{1}, "m", "t"}});
  CHECK(map.share_of({7}).empty());
}

TEST_CASE("nodes and partitions are found by number") {
  const auto map = small_map();
  CHECK(map.find_node({3}) == &map.nodes[1]);
  CHECK(map.find_node({2}) == nullptr);
  CHECK(map.find_partition({1}) == &map.partitions[1]);
  CHECK(map.find_partition({2}) == nullptr);
}

TEST_CASE("a node keeps what it is to have, and what it still has") {
  const auto map = small_map();
  CHECK(keeps(map.partitions[1], {1}));
  CHECK(keeps(map.partitions[1], {3}));
  CHECK_FALSE(keeps(map.partitions[1], {2}));
}
