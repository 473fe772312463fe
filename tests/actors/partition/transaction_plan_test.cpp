#include "actors/partition/transaction_plan.hpp"
#include "tests/actors/partition/transactions.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::partition::test;

namespace {

cluster_map three_parts() {
  cluster_map map;
  map.ranges = {{things, "", {1}}, {things, "h", {2}}, {things, "p", {3}}};
  return map;
}

storage::step_result read_as(std::string value, hlc_stamp version) {
  return {error_code::ok, version, bytes(std::move(value)), {}, false};
}

storage::step_results list(std::vector<storage::step_result> all) {
  return std::make_shared<const std::vector<storage::step_result>>(std::move(all));
}

constexpr hlc_stamp decision{50};

} // namespace

TEST_CASE("each partition has its steps in their order, and they know their places") {
  const auto asked = write(7, 1, doing({put_in("z", "1"), get_in("a"), put_in("b", "2"),
                                        get_in("k"), put_in("y", "3")}));
  const auto plan = plan_of(asked, {1}, three_parts(), {9});
  REQUIRE(plan);
  CHECK(plan->terms.id == asked.id);
  CHECK(plan->terms.start == hlc_stamp{9});
  CHECK(plan->terms.home == anchor{things, "a"});
  CHECK(plan->home_part.then == std::vector<step>{get_in("a"), put_in("b", "2")});
  CHECK(plan->home_places == std::vector<std::uint32_t>{1, 2});
  REQUIRE(plan->others.size() == 2);
  CHECK(plan->others[0].where == anchor{things, "k"});
  CHECK(plan->others[1].places == std::vector<std::uint32_t>{0, 4});
}

TEST_CASE("what has nothing of this partition, or compares, isn't cut") {
  const auto away = plan_of(write(7, 1, doing({put_in("z", "1")})), {1}, three_parts(), {9});
  REQUIRE_FALSE(away);
  CHECK(away.problem().code == error_code::wrong_partition);
  auto what = doing({put_in("z", "1")});
  what.compare = {{things, "a", relation::equal, hlc_stamp{}}};
  const auto compares = plan_of(write(7, 1, what), {1}, three_parts(), {9});
  REQUIRE_FALSE(compares);
  CHECK(compares.problem().code == error_code::invalid);
}

TEST_CASE("results of all parts come in the order of the steps, as of the decision (P22)") {
  const auto asked = write(7, 1, doing({put_in("z", "1"), get_in("a"), put_in("b", "2"),
                                        get_in("k"), get_in("z")}));
  const auto plan = plan_of(asked, {1}, three_parts(), {9});
  REQUIRE(plan);
  const hlc_stamp prepared{30};
  const auto gathered = gather_results(
    *plan, {{&plan->others[0], {20}, list({read_as("k", {4})})},
            {&plan->others[1], prepared,
             list({{error_code::ok, prepared, nullptr, {}, false}, read_as("1", prepared)})}});
  CHECK(gathered.steps == 5);
  const auto all = results_of_all(
    gathered, list({read_as("a", {3}), {error_code::ok, decision, nullptr, {}, false}}), decision);
  REQUIRE(all);
  REQUIRE(all->size() == 5);
  CHECK((*all)[0].version == decision);
  CHECK(*(*all)[1].value == "a");
  CHECK((*all)[1].version == hlc_stamp{3});
  CHECK((*all)[2].version == decision);
  CHECK((*all)[3].version == hlc_stamp{4});
  CHECK(*(*all)[4].value == "1");
  CHECK((*all)[4].version == decision);
}

TEST_CASE("where all steps wrote, nothing has to be said of them") {
  const auto plan = plan_of(write(7, 1, doing({put_in("z", "1"), put_in("a", "2")})), {1},
                            three_parts(), {9});
  REQUIRE(plan);
  const auto gathered = gather_results(*plan, {{&plan->others[0], {20}, nullptr}});
  CHECK_FALSE(gathered.steps_there);
  CHECK_FALSE(results_of_all(gathered, nullptr, decision));
  SUBCASE("unless home's own did more") {
    const auto all = results_of_all(gathered, list({read_as("x", decision)}), decision);
    REQUIRE(all);
    CHECK((*all)[0].version == decision);
    CHECK_FALSE((*all)[0].value);
    CHECK(*(*all)[1].value == "x");
  }
}
