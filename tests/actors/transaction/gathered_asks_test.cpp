#include "actors/transaction/gathered_asks.hpp"
#include "runtime/base/bounds.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::transaction;

namespace {

constexpr leadership here{{1}, {3}};
constexpr leadership beside{{2}, {5}};
constexpr time_ms start = 1'000;

ask_home of(const leadership& whom, std::uint64_t ticket, haste hurry) {
  ask_home what;
  what.ticket = ticket;
  what.whom = whom;
  what.hurry = hurry;
  return what;
}
ask_cluster far(std::uint64_t ticket, haste hurry) {
  ask_cluster what;
  what.ticket = ticket;
  what.hurry = hurry;
  return what;
}
/// Of the locks of that transaction in one more partition.
ask_cluster release(std::uint64_t ticket, std::uint64_t transaction) {
  auto what = far(ticket, haste::soon);
  what.what.what = resolve{{{7}, {transaction}}, true, {}, {}};
  return what;
}

template <class Ask>
std::vector<std::uint64_t> tickets_of(const std::vector<Ask>& all) {
  std::vector<std::uint64_t> tickets;
  for (const auto& one : all)
    tickets.push_back(one.ticket);
  return tickets;
}

} // namespace

TEST_CASE("what is asked in one turn goes as one request to each leadership, in its order (G1)") {
  gathered_asks asks;
  asks.push(start, of(here, 1, haste::now));
  asks.push(start, of(beside, 2, haste::now));
  asks.push(start, of(here, 3, haste::now));
  asks.push(start, far(4, haste::now));
  asks.push(start, far(5, haste::now));
  CHECK(asks.next_due() == start);
  const auto taken = asks.take(start);
  REQUIRE(taken.of_homes.size() == 2);
  CHECK(tickets_of(taken.of_homes.at(here)) == std::vector<std::uint64_t>{1, 3});
  CHECK(tickets_of(taken.of_homes.at(beside)) == std::vector<std::uint64_t>{2});
  CHECK(tickets_of(taken.of_cluster) == std::vector<std::uint64_t>{4, 5});
  CHECK_FALSE(asks.next_due());
  CHECK(asks.take(start + 1'000).of_homes.empty());
}

TEST_CASE("what nobody waits for rides along with what somebody does") {
  gathered_asks asks;
  asks.push(start, of(here, 1, haste::none));
  asks.push(start, release(2, 1));
  asks.push(start, release(3, 2));
  CHECK(asks.take(start).of_cluster.empty());
  asks.push(start + 2, of(here, 4, haste::now));
  asks.push(start + 2, far(5, haste::now));
  const auto taken = asks.take(start + 2);
  CHECK(tickets_of(taken.of_homes.at(here)) == std::vector<std::uint64_t>{1, 4});
  CHECK(tickets_of(taken.of_cluster) == std::vector<std::uint64_t>{2, 3, 5});
  CHECK_FALSE(asks.next_due());
}

TEST_CASE("nothing waits for longer than its haste says, and wakes whoever has it (G3)") {
  gathered_asks asks;
  asks.push(start, release(1, 1));
  asks.push(start + 1, release(2, 2));
  asks.push(start, of(here, 3, haste::none));
  CHECK(asks.next_due() == start + release_patience_ms);
  CHECK(asks.take(start + release_patience_ms - 1).of_cluster.empty());
  const auto released = asks.take(start + release_patience_ms);
  CHECK(tickets_of(released.of_cluster) == std::vector<std::uint64_t>{1, 2});
  CHECK(released.of_homes.empty());
  CHECK(asks.next_due() == start + forget_patience_ms);
  CHECK(tickets_of(asks.take(start + forget_patience_ms).of_homes.at(here))
        == std::vector<std::uint64_t>{3});
}

TEST_CASE("releases of one that is alone go at once: there is nobody to ride with (G2)") {
  gathered_asks asks;
  asks.push(start, release(1, 1));
  asks.push(start, release(2, 1));
  CHECK(tickets_of(asks.take(start).of_cluster) == std::vector<std::uint64_t>{1, 2});
  asks.push(start, far(3, haste::none));
  asks.push(start, release(4, 1));
  CHECK(asks.take(start).of_cluster.empty());
}

TEST_CASE("releases learn how long it takes until somebody comes to ride with (G4)") {
  gathered_asks asks;
  const auto release_two = [&](time_ms at) {
    asks.push(at, release(1, 1));
    asks.push(at, release(2, 2));
  };
  release_two(start);
  CHECK(asks.next_due() == start + release_patience_ms);
  asks.take(start + release_patience_ms);
  asks.push(start + 8, far(3, haste::now)); // too late for those
  asks.take(start + 8);

  release_two(start + 100);
  CHECK(asks.next_due() == start + 112);
  asks.push(start + 109, far(4, haste::now));
  CHECK(tickets_of(asks.take(start + 109).of_cluster) == std::vector<std::uint64_t>{1, 2, 4});

  // Never longer than this, and no longer than before if nobody comes.
  release_two(start + 200);
  asks.push(start + 219, far(5, haste::now));
  asks.take(start + 219);
  release_two(start + 300);
  CHECK(asks.next_due() == start + 300 + longest_release_patience_ms);
  asks.take(start + 320);
  asks.push(start + 321, far(6, haste::now));
  asks.take(start + 321);
  release_two(start + 400);
  CHECK(asks.next_due() == start + 400 + release_patience_ms);
}

TEST_CASE("of steps that may join one operation is made, and each ticket knows its place") {
  const auto forgets = [](std::uint64_t ticket, bool may_join) {
    auto one = of(here, ticket, haste::none);
    one.what.what = forget{{{7}, {ticket}}, {{1}, "k"}};
    one.may_join = may_join;
    return one;
  };
  const auto decides = [](std::uint64_t ticket) {
    auto one = of(here, ticket, haste::now);
    one.what.what = decide{};
    return one;
  };
  const auto requests = requests_of(
    {decides(1), forgets(2, true), decides(3), forgets(4, false), forgets(5, true), decides(6)});
  REQUIRE(requests.size() == 1);
  const auto& [operations, tickets] = requests[0];
  REQUIRE(operations.size() == 5);
  const auto& joined = std::get<aftermath>(operations[1].what);
  REQUIRE(joined.known.size() == 2);
  CHECK(joined.known[0].transaction.number.value == 2);
  CHECK(joined.known[1].transaction.number.value == 5);
  CHECK(std::get<forget>(operations[3].what).transaction.number.value == 4);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> places;
  for (const auto& [number, place] : tickets)
    places.emplace_back(number, place);
  CHECK(places
        == std::vector<std::pair<std::uint64_t, std::uint32_t>>{
          {1, 0}, {2, 1}, {3, 2}, {4, 3}, {5, 1}, {6, 4}});
}

TEST_CASE("one that may join and is alone stays what it is; no request is over its bounds") {
  std::vector<ask_home> all;
  for (std::uint64_t ticket = 0; ticket <= bounds::max_request_operations; ++ticket) {
    all.push_back(of(here, ticket, haste::none));
    all.back().what.what = forget{{{7}, {ticket}}, {{1}, "k"}};
    all.back().may_join = true;
  }
  const auto requests = requests_of(std::move(all));
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].operations.size() == 1);
  CHECK(requests[0].tickets.size() == bounds::max_request_operations);
  CHECK(std::holds_alternative<forget>(requests[1].operations.at(0).what));
  CHECK(requests_of({}).empty());
}
