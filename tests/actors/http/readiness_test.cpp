#include "actors/http/readiness.hpp"

#include <doctest/doctest.h>

using namespace present;

namespace {

partition_status row(std::uint32_t id, node_id self, node_id leader, bool has_quorum) {
  partition_status made;
  made.id = {id};
  made.self = self;
  made.leader = leader;
  made.has_quorum = has_quorum;
  return made;
}

std::string asked(std::vector<partition_status> rows) {
  node_report report;
  report.partitions = std::move(rows);
  return http::why_not_ready(report);
}

} // namespace

TEST_CASE("a node is ready when each of its replicas knows a leader and a quorum") {
  CHECK(asked({row(0, {1}, {2}, true)}) == "");
  CHECK(asked({row(0, {1}, {1}, true), row(1, {1}, {3}, true)}) == "");
}

TEST_CASE("one that isn't says which partition is to blame") {
  CHECK(asked({}) == "no replica has answered");
  CHECK(asked({row(0, {1}, {2}, true), row(4, {1}, {0}, false)})
        == "partition 4: no leader is known");
  CHECK(asked({row(3, {1}, {1}, false)}) == "partition 3: no quorum");
}
