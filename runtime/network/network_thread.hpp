#pragma once

#include "runtime/network/network_loop.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <variant>
#include <vector>

namespace present::network {

/// The one thread of a node that talks to the outside: it runs a kj event loop,
/// and other threads (CAF's workers) hand it tasks. It may also be given work that
/// isn't the network's, such as all actors of a node that has one core.
///
///   any thread                 network thread
///   ──────────                 ──────────────
///   post(task) ─▶ queue ──eventfd──▶ swap queue ─▶ run each task(loop)
///   post_work(work) ─┘              kj: sockets, timers, RPC
///                                        │ stop: connections end
///                                        ▼
///                                   work alone ─▶ ~network_thread
///
/// N1  Tasks and work of one thread run in the order in which it posted them.
/// N2  The lock covers a push or a swap, nothing else; the eventfd is written
///     only by a push from another thread while this one neither runs the queue
///     nor has been woken to do so.
/// N3  What a task, work or a promise throws is logged and goes no further.
/// N4  After `stop` no task runs. Tasks that never ran are destroyed on the
///     network thread, as everything that lives there is, residents last-in
///     first-out.
/// N5  Work runs after `stop` too, until the destructor begins.
/// N6  However much is posted by what runs there, sockets and timers have their turn
///     after a bounded number of swaps.
///
/// The queue has no bound of its own: what waits in it is bounded by what its
/// posters have in flight (bounds::max_session_inflight and the like).
class network_thread {
public:
  using task = kj::Function<void(network_loop&)>;
  using work = std::function<void()>;

  explicit network_thread(log_sink log);
  /// From any other thread.
  ~network_thread();

  network_thread(const network_thread&) = delete;
  network_thread& operator=(const network_thread&) = delete;

  /// From any thread. False after `stop`: the task is dropped, unrun.
  bool post(task what);

  /// From any thread, for as long as this lives.
  void post_work(work what);
  /// `post_work`, for who is to know no more of this.
  std::function<void(work)> worker() {
    return [this](work what) { post_work(std::move(what)); };
  }

  /// From any other thread: runs `what(loop)` on the network thread, waits, and
  /// returns its value or rethrows its exception; std::future_error after
  /// `stop`. For setting up, and tests.
  template <class F>
  auto run(F what) -> std::invoke_result_t<F&, network_loop&>;

  /// From any other thread. Ends all connections and waits until they are.
  /// Idempotent.
  void stop();

  bool is_current() const { return std::this_thread::get_id() == thread_.get_id(); }

  /// Tasks handed over, and how often that took a wake-up. From any thread.
  std::uint64_t posted() const { return posted_.load(std::memory_order_relaxed); }
  std::uint64_t woken() const { return woken_.load(std::memory_order_relaxed); }

private:
  using errand = std::variant<task, work>;

  void serve(std::promise<void> started);
  void end();
  void work_alone();
  kj::Promise<void> drain_when_woken(kj::UnixEventPort::FdObserver& readable,
                                     network_loop& loop);
  kj::Promise<void> drain_when_nudged(network_loop& loop);
  void drain(network_loop& loop);
  template <class F>
  void run_logged(F&& what);
  void push(errand what, std::unique_lock<std::mutex> guard);
  void wake();
  void take_wakes();

  // Constant after construction.
  const log_sink log_;
  const int event_fd_;

  std::mutex lock_;
  // Guarded by lock_.
  std::vector<errand> queue_;
  bool is_awake_ = false; ///< the queue is being run, or will be without a wake-up
  bool stopped_ = false;
  bool ended_ = false;

  std::atomic<std::uint64_t> posted_{0};
  std::atomic<std::uint64_t> woken_{0};

  std::latch network_over_{1};

  // The network thread's own.
  kj::Own<kj::PromiseFulfiller<void>> finish_;
  kj::Own<kj::PromiseFulfiller<void>> nudge_; ///< a wake-up without a system call

  std::thread thread_;
};

template <class F>
auto network_thread::run(F what) -> std::invoke_result_t<F&, network_loop&> {
  using value = std::invoke_result_t<F&, network_loop&>;
  std::promise<value> done;
  auto answer = done.get_future();
  // The task owns the promise: one that never runs breaks it.
  post([&what, done = std::move(done)](network_loop& loop) mutable {
    try {
      if constexpr (std::is_void_v<value>) {
        what(loop);
        done.set_value();
      } else {
        done.set_value(what(loop));
      }
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  return answer.get();
}

} // namespace present::network
