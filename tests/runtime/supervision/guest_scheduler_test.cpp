#include "runtime/supervision/caf_settings.hpp"

#include <caf/all.hpp>
#include <doctest/doctest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <set>
#include <thread>

using namespace present::supervision;

namespace {

/// A thread that runs what it is given, until the end of its life.
class host {
public:
  host() : thread_([this] { serve(); }) {}

  ~host() {
    post({});
    thread_.join();
  }

  void post(std::function<void()> what) {
    const std::lock_guard guard(lock_);
    queue_.push_back(std::move(what));
    posted_.notify_one();
  }

  host_thread door() {
    return [this](std::function<void()> what) { post(std::move(what)); };
  }

  std::thread::id id() const { return thread_.get_id(); }

private:
  void serve() {
    for (;;) {
      std::unique_lock guard(lock_);
      posted_.wait(guard, [this] { return !queue_.empty(); });
      auto what = std::move(queue_.front());
      queue_.pop_front();
      guard.unlock();
      if (!what)
        return;
      what();
    }
  }

  std::mutex lock_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> queue_;
  std::thread thread_;
};

using one = caf::atom_constant<caf::atom("one")>;
using stop = caf::atom_constant<caf::atom("stop")>;

} // namespace

TEST_CASE("actors run on their host's thread, and nowhere else") {
  host there;
  caf_settings settings{there.door()};
  caf::actor_system system{settings};
  std::set<std::thread::id> seen;
  int count = 0;
  {
    caf::scoped_actor self{system};
    const auto counter = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
      return {[&](one) {
        seen.insert(std::this_thread::get_id());
        return ++count;
      }};
    });
    for (int i = 0; i < 1000; ++i)
      self->send(counter, one::value);
    self->request(counter, caf::infinite, one::value)
      .receive([](int got) { CHECK(got == 1001); }, [](const caf::error&) { FAIL("lost"); });
    self->send_exit(counter, caf::exit_reason::user_shutdown);
  }
  system.await_all_actors_done();
  CHECK(seen == std::set{there.id()});
}

TEST_CASE("a host has its own turns between those of busy actors (S2)") {
  host there;
  caf_settings settings{there.door()};
  caf::actor_system system{settings};
  // Two that never stop talking to each other, and one that talks to itself.
  auto player = [](caf::event_based_actor* self) -> caf::behavior {
    return {[self](one, const caf::actor& other) { self->send(other, one::value, caf::actor{self}); },
            [self](stop) { self->quit(); }};
  };
  const auto ping = system.spawn(player);
  const auto pong = system.spawn(player);
  const auto alone = system.spawn(player);
  caf::anon_send(ping, one::value, pong);
  caf::anon_send(alone, one::value, alone);
  for (int i = 0; i < 100; ++i) {
    std::promise<void> had_it;
    there.post([&] { had_it.set_value(); });
    CHECK(had_it.get_future().wait_for(std::chrono::seconds(30)) == std::future_status::ready);
  }
  for (const auto& each : {ping, pong, alone})
    caf::anon_send(each, stop::value);
  system.await_all_actors_done();
}

TEST_CASE("detached actors, delayed mail and blocking ones work as with workers") {
  host there;
  caf_settings settings{there.door()};
  caf::actor_system system{settings};
  caf::scoped_actor self{system};
  std::thread::id detached_id;
  const auto detached
    = system.spawn<caf::detached>([&](caf::event_based_actor* me) -> caf::behavior {
        return {[&, me](one) {
          detached_id = std::this_thread::get_id();
          me->quit();
          return 7;
        }};
      });
  self->request(detached, caf::infinite, one::value)
    .receive([](int got) { CHECK(got == 7); }, [](const caf::error&) { FAIL("lost"); });
  CHECK(detached_id != there.id());
  const auto begun = std::chrono::steady_clock::now();
  self->delayed_send(self, std::chrono::milliseconds(20), one::value);
  self->receive([](one) {});
  CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(20));
}

TEST_CASE("systems begin and end on one host, and none runs after its end (S3)") {
  host there;
  int handled = 0; // the host's
  for (int round = 0; round < 100; ++round) {
    caf_settings settings{there.door()};
    caf::actor_system system{settings};
    for (int i = 0; i < 3; ++i) {
      const auto listener = system.spawn([&](caf::event_based_actor*) -> caf::behavior {
        return {[&](one) { ++handled; }};
      });
      for (int mail = 0; mail < 5; ++mail)
        caf::anon_send(listener, one::value);
      caf::anon_send_exit(listener, caf::exit_reason::user_shutdown);
    }
  }
  std::promise<int> at_end;
  there.post([&] { at_end.set_value(handled); });
  // An exit is urgent, and may overtake mail.
  const auto seen = at_end.get_future().get();
  CHECK(seen <= 1500);
}
