#pragma once

#include "runtime/network/network_loop.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace present::network {

/// The one thread of a node that talks to the outside: it runs a kj event loop,
/// and other threads (CAF's workers) hand it tasks.
///
///   worker threads             network thread
///   ──────────────             ──────────────
///   post(task) ─▶ queue ──eventfd──▶ swap queue ─▶ run each task(loop)
///                                   kj: sockets, timers, RPC
///
/// N1  Tasks of one thread run in the order in which it posted them.
/// N2  The lock covers a push or a swap, nothing else; the eventfd is written
///     only by the push that found the queue empty.
/// N3  What a task or a promise throws is logged and goes no further.
/// N4  After `stop` no task runs. Tasks that never ran are destroyed on the
///     network thread, as everything that lives there is, residents last-in
///     first-out.
///
/// The queue has no bound of its own: what waits in it is bounded by what its
/// posters have in flight (bounds::max_session_inflight and the like).
class network_thread {
public:
  using task = kj::Function<void(network_loop&)>;

  explicit network_thread(log_sink log);
  ~network_thread();

  network_thread(const network_thread&) = delete;
  network_thread& operator=(const network_thread&) = delete;

  /// From any thread. False after `stop`: the task is dropped, unrun.
  bool post(task what);

  /// From any other thread: runs `what(loop)` on the network thread, waits, and
  /// returns its value or rethrows its exception; std::future_error after
  /// `stop`. For setting up, and tests.
  template <class F>
  auto run(F what) -> std::invoke_result_t<F&, network_loop&>;

  /// From any other thread. Ends all connections and joins the thread.
  /// Idempotent.
  void stop();

  bool is_current() const { return std::this_thread::get_id() == thread_.get_id(); }

  /// Tasks handed over, and how often that took a wake-up. From any thread.
  std::uint64_t posted() const { return posted_.load(std::memory_order_relaxed); }
  std::uint64_t woken() const { return woken_.load(std::memory_order_relaxed); }

private:
  void serve(std::promise<void> started);
  kj::Promise<void> drain_forever(kj::UnixEventPort::FdObserver& readable,
                                  network_loop& loop);
  void drain(network_loop& loop);
  void wake();

  // Constant after construction.
  const log_sink log_;
  const int event_fd_;

  std::mutex lock_;
  // Guarded by lock_.
  std::vector<task> queue_;
  bool stopped_ = false;

  std::atomic<std::uint64_t> posted_{0};
  std::atomic<std::uint64_t> woken_{0};

  // The network thread's own.
  kj::Own<kj::PromiseFulfiller<void>> finish_;

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
