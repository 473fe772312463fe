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

TEST_CASE("a burst behind one task takes no wake-up (N2)") {
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
  CHECK(thread.woken() == before);
  go_on.set_value();
  thread.run([](network_loop&) {});
}

TEST_CASE("what the thread posts to itself takes none either, and runs (N2)") {
  log_lines lines;
  network_thread thread(lines.sink());
  std::promise<std::uint64_t> waited;
  thread.post([&](network_loop& loop) {
    // Of a promise: not while the queue is run.
    loop.detach(loop.timer().afterDelay(1 * kj::MILLISECONDS).then([&] {
      thread.post_work([&, before = thread.woken()] {
        waited.set_value(thread.woken() - before);
      });
    }));
  });
  CHECK(waited.get_future().get() == 0);
}

TEST_CASE("tasks and work of one thread keep their order (N1)") {
  log_lines lines;
  network_thread thread(lines.sink());
  std::vector<int> seen;
  for (int i = 0; i < 100; i += 2) {
    thread.post([&seen, i](network_loop&) { seen.push_back(i); });
    thread.post_work([&seen, i] { seen.push_back(i + 1); });
  }
  thread.run([](network_loop&) {});
  CHECK(seen.size() == 100);
  CHECK(std::ranges::is_sorted(seen));
}

TEST_CASE("work that asks for more of itself leaves timers their turn (N6)") {
  log_lines lines;
  std::atomic<bool> over = false;
  std::atomic<std::uint64_t> turns = 0;
  std::function<void()> again;
  std::promise<void> rung;
  network_thread thread(lines.sink());
  again = [&] {
    ++turns;
    if (!over)
      thread.post_work([&] { again(); });
  };
  thread.post_work([&] { again(); });
  thread.post([&](network_loop& loop) {
    loop.detach(loop.timer().afterDelay(5 * kj::MILLISECONDS).then([&] { rung.set_value(); }));
  });
  rung.get_future().wait();
  over = true;
  CHECK(turns > 16);
}

TEST_CASE("work runs after stop too, and what it throws is logged (N3, N5)") {
  log_lines lines;
  network_thread thread(lines.sink());
  thread.stop();
  CHECK_FALSE(thread.post([](network_loop&) {}));
  thread.post_work([] { throw std::runtime_error("of work"); });
  std::promise<bool> there;
  thread.post_work([&] { there.set_value(thread.is_current()); });
  CHECK(there.get_future().get());
  CHECK(lines.wait_for("of work"));
}

TEST_CASE("work that is in the queue when the network ends isn't lost with its tasks (N5)") {
  log_lines lines;
  network_thread thread(lines.sink());
  std::promise<void> entered, go_on, done;
  thread.post([&](network_loop&) {
    entered.set_value();
    go_on.get_future().wait();
  });
  entered.get_future().wait();
  std::atomic<bool> ran = false;
  thread.post([&](network_loop&) { ran = true; });
  thread.post_work([&] { done.set_value(); });
  std::thread stopper([&thread] { thread.stop(); });
  while (thread.post([](network_loop&) {}))
    std::this_thread::yield();
  go_on.set_value();
  stopper.join();
  done.get_future().wait();
  CHECK_FALSE(ran);
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
