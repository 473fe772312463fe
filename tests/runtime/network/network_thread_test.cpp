#include "tests/runtime/network/loopback.hpp"

#include <doctest/doctest.h>
#include <kj/debug.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <thread>

using namespace present::network;
using namespace present::network::test;

TEST_CASE("tasks of one thread run in their order, of all threads each once") {
  log_lines lines;
  network_thread thread(lines.sink());
  constexpr int threads = 4;
  constexpr int each = 5000;
  std::array<std::vector<int>, threads> seen;
  {
    std::vector<std::jthread> posters;
    for (int who = 0; who < threads; ++who)
      posters.emplace_back([&thread, &seen, who] {
        for (int i = 0; i < each; ++i)
          thread.post([&seen, who, i](network_loop&) { seen[who].push_back(i); });
      });
  }
  thread.run([](network_loop&) {});
  for (const auto& of_one : seen) {
    REQUIRE(of_one.size() == each);
    CHECK(std::ranges::is_sorted(of_one));
  }
  CHECK(thread.posted() == threads * each + 1);
  CHECK(thread.woken() <= thread.posted());
}

TEST_CASE("a burst behind one task takes one wake-up (N2)") {
  log_lines lines;
  network_thread thread(lines.sink());
  std::promise<void> entered, go_on;
  thread.post([&](network_loop&) {
    entered.set_value();
    go_on.get_future().wait();
  });
  entered.get_future().wait();
  const auto before = thread.woken();
  for (int i = 0; i < 100; ++i)
    thread.post([](network_loop&) {});
  CHECK(thread.woken() == before + 1);
  go_on.set_value();
  thread.run([](network_loop&) {});
}

TEST_CASE("what a task throws is logged, and the next one runs (N3)") {
  log_lines lines;
  network_thread thread(lines.sink());
  thread.post([](network_loop&) { throw std::runtime_error("of the standard"); });
  thread.post([](network_loop&) { KJ_FAIL_REQUIRE("of kj"); });
  thread.post([](network_loop& loop) {
    loop.detach(KJ_EXCEPTION(FAILED, "of a promise"));
  });
  CHECK(thread.run([](network_loop&) { return 7; }) == 7);
  CHECK(lines.wait_for("of the standard"));
  CHECK(lines.wait_for("of kj"));
  CHECK(lines.wait_for("of a promise"));
}

TEST_CASE("kj's own log lines come into ours") {
  log_lines lines;
  network_thread thread(lines.sink());
  thread.post([](network_loop&) { KJ_LOG(WARNING, "kj speaks"); });
  CHECK(lines.wait_for("kj speaks"));
}

TEST_CASE("run hands back the task's value and its exception") {
  log_lines lines;
  network_thread thread(lines.sink());
  CHECK(thread.run([&](network_loop&) { return thread.is_current(); }));
  CHECK_FALSE(thread.is_current());
  CHECK_THROWS_WITH(thread.run([](network_loop&) -> int {
                      throw std::runtime_error("no");
                    }),
                    "no");
}

TEST_CASE("after stop no task runs, and none is leaked (N4)") {
  log_lines lines;
  auto held = std::make_shared<int>(1);
  network_thread thread(lines.sink());
  std::promise<void> entered, go_on;
  std::atomic<bool> ran_late = false;
  thread.post([&](network_loop&) {
    entered.set_value();
    go_on.get_future().wait();
  });
  entered.get_future().wait();
  thread.post([&ran_late, held](network_loop&) { ran_late = true; });
  std::thread stopper([&thread] { thread.stop(); });
  while (thread.post([](network_loop&) {}))
    std::this_thread::yield();
  go_on.set_value();
  stopper.join();
  CHECK_FALSE(ran_late);
  CHECK(held.use_count() == 1);
  CHECK_THROWS_AS(thread.run([](network_loop&) {}), std::future_error);
  thread.stop();
}

TEST_CASE("residents end on the thread, the last one first") {
  struct witness : resident {
    witness(std::vector<int>& order, network_thread*& owner, int number)
        : order(order), owner(owner), number(number) {}
    ~witness() noexcept(false) override {
      if (owner->is_current())
        order.push_back(number);
    }
    std::vector<int>& order;
    network_thread*& owner;
    int number;
  };
  std::vector<int> ended;
  log_lines lines;
  network_thread thread(lines.sink());
  auto* owner = &thread;
  thread.run([&](network_loop& loop) {
    loop.host<witness>(ended, owner, 1);
    auto& second = loop.host<witness>(ended, owner, 2);
    loop.host<witness>(ended, owner, 3);
    loop.evict(second);
  });
  CHECK(ended == std::vector<int>{2});
  thread.stop();
  CHECK(ended == std::vector<int>{2, 3, 1});
}

TEST_CASE("tasks end before the residents that they belong to") {
  struct witness : resident {
    explicit witness(std::vector<std::string>& order) : order(order) {}
    ~witness() noexcept(false) override { order.emplace_back("resident"); }
    std::vector<std::string>& order;
  };
  std::vector<std::string> ended;
  log_lines lines;
  network_thread thread(lines.sink());
  thread.run([&](network_loop& loop) {
    auto& owner = loop.host<witness>(ended);
    loop.detach(kj::Promise<void>(kj::NEVER_DONE).attach(kj::defer([&owner] {
      owner.order.emplace_back("task");
    })));
  });
  thread.stop();
  CHECK(ended == std::vector<std::string>{"task", "resident"});
}
