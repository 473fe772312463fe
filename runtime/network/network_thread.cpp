#include "runtime/network/network_thread.hpp"

#include <kj/common.h>
#include <kj/exception.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace present::network {
namespace {

/// Brings kj's own log lines into ours. Lives on the thread's stack: that is how
/// kj finds it.
class kj_lines : public kj::ExceptionCallback {
public:
  explicit kj_lines(const log_sink& log) : log_(log) {}

  void logMessage(kj::LogSeverity severity, const char* file, int line, int,
                  kj::String&& text) override {
    log_(severity_of(severity), std::string(text.cStr()) + " (" + file + ":"
                                  + std::to_string(line) + ")");
  }

  /// A peer can provoke an exception at will, and a trace costs milliseconds.
  StackTraceMode stackTraceMode() override { return StackTraceMode::NONE; }

private:
  static log_severity severity_of(kj::LogSeverity severity) {
    switch (severity) {
      case kj::LogSeverity::INFO:
      case kj::LogSeverity::DBG:
        return log_severity::info;
      case kj::LogSeverity::WARNING:
        return log_severity::warning;
      default:
        return log_severity::error;
    }
  }

  const log_sink& log_;
};

/// Each runs what was posted before it (N6).
constexpr int swaps_in_turn = 16;

int make_event_fd() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

} // namespace

network_thread::network_thread(log_sink log)
    : log_(std::move(log)), event_fd_(make_event_fd()) {
  std::promise<void> started;
  auto running = started.get_future();
  thread_ = std::thread([this, started = std::move(started)]() mutable {
    serve(std::move(started));
  });
  try {
    running.get();
  } catch (...) {
    end();
    throw;
  }
}

network_thread::~network_thread() {
  stop();
  end();
}

void network_thread::end() {
  {
    const std::lock_guard guard(lock_);
    ended_ = true;
  }
  wake();
  thread_.join();
  ::close(event_fd_);
}

bool network_thread::post(task what) {
  std::unique_lock guard(lock_);
  if (stopped_)
    return false;
  push(kj::mv(what), std::move(guard));
  return true;
}

void network_thread::post_work(work what) {
  push(std::move(what), std::unique_lock{lock_});
}

void network_thread::push(errand what, std::unique_lock<std::mutex> guard) {
  const bool was_awake = std::exchange(is_awake_, true);
  queue_.push_back(kj::mv(what));
  guard.unlock();
  posted_.fetch_add(1, std::memory_order_relaxed);
  if (was_awake)
    return;
  if (is_current() && nudge_)
    nudge_->fulfill();
  else
    wake();
}

void network_thread::stop() {
  {
    const std::lock_guard guard(lock_);
    stopped_ = true;
  }
  wake();
  network_over_.wait();
}

void network_thread::wake() {
  woken_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  // Fails only when the counter is full: then a wake-up is pending anyway.
  [[maybe_unused]] const auto written = ::write(event_fd_, &one, sizeof one);
}

void network_thread::take_wakes() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(event_fd_, &count, sizeof count);
}

void network_thread::serve(std::promise<void> started) {
  kj_lines lines(log_);
  bool up = false;
  const auto problem = kj::runCatchingExceptions([&] {
    auto io = kj::setupAsyncIo();
    network_loop loop(io, log_);
    kj::UnixEventPort::FdObserver readable(
      io.unixEventPort, event_fd_, kj::UnixEventPort::FdObserver::OBSERVE_READ);
    auto finished = kj::newPromiseAndFulfiller<void>();
    finish_ = kj::mv(finished.fulfiller);
    KJ_DEFER({
      finish_ = nullptr;
      nudge_ = nullptr;
    });
    auto draining = drain_when_woken(readable, loop).exclusiveJoin(drain_when_nudged(loop));
    up = true;
    started.set_value();
    finished.promise.exclusiveJoin(kj::mv(draining)).wait(io.waitScope);
  });
  KJ_IF_MAYBE (what, problem) {
    if (up)
      log_(log_severity::error, "the network loop ended: " + text_of(*what));
    else
      started.set_exception(
        std::make_exception_ptr(std::runtime_error(text_of(*what))));
  }
  {
    const std::lock_guard guard(lock_);
    stopped_ = true;
  }
  work_alone();
}

/// Once the network is over. What tasks hold goes before `stop` returns.
void network_thread::work_alone() {
  for (bool first = true;; first = false) {
    std::vector<errand> batch;
    bool ended = false;
    {
      const std::lock_guard guard(lock_);
      batch.swap(queue_);
      is_awake_ = !batch.empty();
      ended = ended_;
    }
    if (first) {
      std::erase_if(batch, [](const errand& one) { return std::holds_alternative<task>(one); });
      network_over_.count_down();
    }
    if (ended)
      return;
    for (auto& one : batch)
      if (auto* mine = std::get_if<work>(&one))
        run_logged(*mine);
    if (batch.empty()) {
      pollfd waits{event_fd_, POLLIN, 0};
      ::poll(&waits, 1, -1);
      take_wakes();
    }
  }
}

kj::Promise<void>
network_thread::drain_when_woken(kj::UnixEventPort::FdObserver& readable, network_loop& loop) {
  return readable.whenBecomesReadable().then([this, &readable, &loop] {
    // Emptied before the queue is run: who pushes after the last swap writes again.
    take_wakes();
    drain(loop);
    return drain_when_woken(readable, loop);
  });
}

kj::Promise<void> network_thread::drain_when_nudged(network_loop& loop) {
  auto nudged = kj::newPromiseAndFulfiller<void>();
  nudge_ = kj::mv(nudged.fulfiller);
  return nudged.promise.then([this, &loop] {
    drain(loop);
    return drain_when_nudged(loop);
  });
}

void network_thread::drain(network_loop& loop) {
  for (int swaps = 0; swaps < swaps_in_turn; ++swaps) {
    std::vector<errand> batch;
    {
      const std::lock_guard guard(lock_);
      if (stopped_) {
        finish_->fulfill();
        return;
      }
      if (queue_.empty()) {
        is_awake_ = false;
        return;
      }
      batch.swap(queue_);
    }
    for (auto& one : batch)
      if (auto* mine = std::get_if<work>(&one))
        run_logged(*mine);
      else
        run_logged([&] { std::get<task>(one)(loop); });
  }
  // Through the eventfd: sockets and timers are looked at with it.
  wake();
}

template <class F>
void network_thread::run_logged(F&& what) {
  const auto problem = kj::runCatchingExceptions([&] { what(); });
  KJ_IF_MAYBE (thrown, problem)
    log_(log_severity::error,
         "a task on the network thread failed: " + text_of(*thrown));
}

} // namespace present::network
