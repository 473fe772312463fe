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
  CHECK(plan->home_places.then == std::vector<std::uint32_t>{1, 2});
  REQUIRE(plan->others.size() == 2);
  CHECK(plan->others[0].where == anchor{things, "k"});
  CHECK(plan->others[1].places.then == std::vector<std::uint32_t>{0, 4});
  CHECK_FALSE(plan->compares);
}

TEST_CASE("what has nothing of this partition isn't cut") {
  const auto away = plan_of(write(7, 1, doing({put_in("z", "1")})), {1}, three_parts(), {9});
  REQUIRE_FALSE(away);
  CHECK(away.problem().code == error_code::wrong_partition);
}

TEST_CASE("of one that compares each partition has its comparisons, and its steps of both branches") {
  auto what = doing({put_in("a", "1"), get_in("z")});
  what.compare = {{things, "k", relation::equal, hlc_stamp{}},
                  {things, "b", relation::less, std::string{"m"}}};
  what.otherwise = {get_in("z"), put_in("k", "2"), get_in("a")};
  const auto plan = plan_of(write(7, 1, what), {1}, three_parts(), {9});
  REQUIRE(plan);
  CHECK(plan->compares);
  CHECK(plan->home_part.compare == std::vector<comparison>{what.compare[1]});
  CHECK(plan->home_part.otherwise == std::vector<step>{get_in("a")});
  CHECK(plan->home_places == branch_places{{0}, {2}});
  REQUIRE(plan->others.size() == 2);
  CHECK(plan->others[0].what.compare == std::vector<comparison>{what.compare[0]});
  CHECK(plan->others[0].places == branch_places{{}, {1}});
  CHECK(plan->others[1].places == branch_places{{1}, {0}});
  SUBCASE("a comparison that failed elsewhere decides it, and one that can't be done there is home's to know") {
    storage::other_branch fails{true, {}, {error_code::invalid, "no list"}, {}, nullptr};
    storage::other_branch holds{false, {}, {}, {}, list({read_as("seen", {4})})};
    const auto asked
      = decision_of(*plan, {{&plan->others[0], {20}, nullptr,
                             std::make_shared<const storage::other_branch>(fails)},
                            {&plan->others[1], {21}, list({read_as("z", {4})}),
                             std::make_shared<const storage::other_branch>(holds)}});
    CHECK(asked.fails);
    CHECK(asked.elsewhere == results_elsewhere{});
    CHECK(asked.otherwise.steps == 3);
    CHECK(asked.otherwise.problem == fails.of_this);
  }
  SUBCASE("while none has failed, home hears what either branch comes to") {
    storage::other_branch first{false, {}, {}, {}, nullptr};
    storage::other_branch second{false, {}, {}, {}, list({read_as("other", {5})})};
    const auto asked
      = decision_of(*plan, {{&plan->others[0], {20}, nullptr,
                             std::make_shared<const storage::other_branch>(first)},
                            {&plan->others[1], {21}, list({read_as("z", {4})}),
                             std::make_shared<const storage::other_branch>(second)}});
    CHECK_FALSE(asked.fails);
    const auto then = results_of_all(asked.elsewhere, nullptr, decision);
    REQUIRE(then);
    REQUIRE(then->size() == 2);
    CHECK(*(*then)[1].value == "z");
    const auto otherwise
      = results_of_all(asked.otherwise, list({read_as("a", {3})}), decision);
    REQUIRE(otherwise);
    REQUIRE(otherwise->size() == 3);
    CHECK(*(*otherwise)[0].value == "other");
    CHECK((*otherwise)[1].version == decision);
    CHECK(*(*otherwise)[2].value == "a");
  }
}

TEST_CASE("results of all parts come in the order of the steps, as of the decision (P22)") {
  const auto asked = write(7, 1, doing({put_in("z", "1"), get_in("a"), put_in("b", "2"),
                                        get_in("k"), get_in("z")}));
  const auto plan = plan_of(asked, {1}, three_parts(), {9});
  REQUIRE(plan);
  const hlc_stamp prepared{30};
  const auto gathered
    = decision_of(*plan, {{&plan->others[0], {20}, list({read_as("k", {4})})},
                          {&plan->others[1], prepared,
                           list({{error_code::ok, prepared, nullptr, {}, false},
                                 read_as("1", prepared)})}})
        .elsewhere;
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
  const auto gathered = decision_of(*plan, {{&plan->others[0], {20}, nullptr}}).elsewhere;
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
