#include "runtime/edge/thread_policy.hpp"

#include <doctest/doctest.h>

#include <sched.h>

#include <thread>

using namespace present::edge;

TEST_CASE("a thread runs in batches, and so do those that it makes") {
  int before = -1, own = -1, made = -1;
  std::thread([&] {
    before = ::sched_getscheduler(0);
    run_in_batches();
    own = ::sched_getscheduler(0);
    std::thread([&] { made = ::sched_getscheduler(0); }).join();
  }).join();
  REQUIRE(before == SCHED_OTHER);
  CHECK(own == SCHED_BATCH);
  CHECK(made == SCHED_BATCH);
  CHECK(::sched_getscheduler(0) == SCHED_OTHER); // of this one nothing was said
}
