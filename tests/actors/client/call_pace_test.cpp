#include "actors/client/call_pace.hpp"
#include "runtime/base/bounds.hpp"

#include <doctest/doctest.h>

using namespace present;
using client::call_pace;

TEST_CASE("C1: one call at a time, whatever gathers meanwhile") {
  call_pace pace;
  CHECK_FALSE(pace.may_call(0));
  CHECK(pace.may_call(1));
  pace.on_called();
  CHECK_FALSE(pace.may_call(1));
  CHECK_FALSE(pace.may_call(bounds::max_request_operations));
}

TEST_CASE("an operation by itself never waits") {
  call_pace pace;
  pace.on_called();
  CHECK_FALSE(pace.on_answered(1, 8'000, 0));
  CHECK(pace.may_call(1));
}

TEST_CASE("C3: who was answered is waited for, until all of them came") {
  call_pace pace;
  pace.on_called();
  REQUIRE(pace.on_answered(3, 8'000, 2)); // two more gathered during the call
  CHECK_FALSE(pace.may_call(4));
  CHECK(pace.may_call(5));
}

TEST_CASE("C2: gathering adds an eighth of the call's time, then what is there goes") {
  call_pace pace;
  pace.on_called();
  const auto pause = pace.on_answered(3, 8'000, 0);
  REQUIRE(pause);
  CHECK(pause->microseconds == 1'000);
  CHECK_FALSE(pace.may_call(1));
  pace.on_pause_over(pause->ticket);
  CHECK_FALSE(pace.may_call(0));
  CHECK(pace.may_call(1));
}

TEST_CASE("the end of an earlier pause does not end a later one") {
  call_pace pace;
  pace.on_called();
  const auto early = pace.on_answered(2, 8'000, 0);
  REQUIRE(early);
  REQUIRE(pace.may_call(2)); // all came before the pause was over
  pace.on_called();
  pace.on_pause_over(early->ticket);
  CHECK_FALSE(pace.may_call(2));
  REQUIRE(pace.on_answered(2, 8'000, 0));
  pace.on_pause_over(early->ticket);
  CHECK_FALSE(pace.may_call(1));
}

TEST_CASE("no more is waited for than one call can carry") {
  call_pace pace;
  pace.on_called();
  REQUIRE(pace.on_answered(bounds::max_request_operations, 8'000, 500));
  CHECK(pace.may_call(bounds::max_request_operations));
}
