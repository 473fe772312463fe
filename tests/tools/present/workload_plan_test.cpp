#include "tools/present/workload_plan.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace present;
using namespace present::tools;

TEST_CASE("faults are named in a list, each once, in its order") {
  const auto some = parse_faults("kill,one-way,kill,reply-loss");
  REQUIRE(some);
  CHECK(*some
        == std::vector{fault_kind::kill, fault_kind::one_way, fault_kind::reply_loss});
  CHECK(parse_faults("")->empty());
  for (const auto* name : {"kill", "pause", "partition", "one-way", "delay", "reply-loss", "skew"})
    CHECK(to_string(parse_faults(name)->front()) == name);
  const auto none = parse_faults("kill,puase");
  REQUIRE_FALSE(none);
  CHECK(none.problem().code == error_code::invalid);
  CHECK(none.problem().message == "--faults: there is no 'puase'; did you mean 'pause'?");
}

TEST_CASE("the same seed gives the same faults, the kinds in turn") {
  const std::vector kinds{fault_kind::kill, fault_kind::pause, fault_kind::partition};
  fault_schedule one{kinds, 7};
  fault_schedule same{kinds, 7};
  std::map<fault_target, int> targets;
  for (std::size_t number = 0; number < 300; ++number) {
    const auto order = one.next();
    const auto again = same.next();
    CHECK(order.what == kinds[number % kinds.size()]);
    CHECK(order.whom == again.whom);
    CHECK(order.quiet_ms == again.quiet_ms);
    CHECK(order.hold_ms == again.hold_ms);
    CHECK(order.chance == again.chance);
    CHECK(order.hold_ms >= 200);
    CHECK(order.hold_ms <= 3000);
    ++targets[order.whom];
  }
  CHECK(targets[fault_target::leader] > 150);
  CHECK(targets[fault_target::any] > 60);
}

TEST_CASE("kinds have their names") {
  CHECK(workload_kind_named("register") == workload_kind::single_value);
  CHECK(workload_kind_named("counter") == workload_kind::counter);
  CHECK(workload_kind_named("set") == workload_kind::set);
  CHECK(workload_kind_named("append") == workload_kind::append);
  CHECK(workload_kind_named("bank") == workload_kind::bank);
  CHECK_FALSE(workload_kind_named("queue").has_value());
}
