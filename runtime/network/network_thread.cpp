#include "runtime/network/network_thread.hpp"

#include <kj/common.h>
#include <kj/exception.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

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
    thread_.join();
    ::close(event_fd_);
    throw;
  }
}

network_thread::~network_thread() {
  stop();
  ::close(event_fd_);
}

bool network_thread::post(task what) {
  bool was_empty = false;
  {
    const std::lock_guard guard(lock_);
    if (stopped_)
      return false;
    was_empty = queue_.empty();
    queue_.push_back(kj::mv(what));
  }
  posted_.fetch_add(1, std::memory_order_relaxed);
  if (was_empty)
    wake();
  return true;
}

void network_thread::stop() {
  bool first = false;
  {
    const std::lock_guard guard(lock_);
    first = !stopped_;
    stopped_ = true;
  }
  if (first)
    wake();
  if (thread_.joinable())
    thread_.join();
}

void network_thread::wake() {
  woken_.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  // Fails only when the counter is full: then a wake-up is pending anyway.
  [[maybe_unused]] const auto written = ::write(event_fd_, &one, sizeof one);
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
    KJ_DEFER(finish_ = nullptr);
    auto draining = drain_forever(readable, loop);
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
  std::vector<task> unrun;
  const std::lock_guard guard(lock_);
  stopped_ = true;
  queue_.swap(unrun);
}

kj::Promise<void>
network_thread::drain_forever(kj::UnixEventPort::FdObserver& readable,
                              network_loop& loop) {
  return readable.whenBecomesReadable().then([this, &readable, &loop] {
    // Emptied before the swap: a push after the swap finds an empty queue and
    // writes again, so none is missed.
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(event_fd_, &count, sizeof count);
    drain(loop);
    return drain_forever(readable, loop);
  });
}

void network_thread::drain(network_loop& loop) {
  std::vector<task> batch;
  {
    const std::lock_guard guard(lock_);
    batch.swap(queue_);
    if (stopped_) {
      finish_->fulfill();
      return;
    }
  }
  for (auto& each : batch) {
    const auto problem = kj::runCatchingExceptions([&] { each(loop); });
    KJ_IF_MAYBE (what, problem)
      log_(log_severity::error,
           "a task on the network thread failed: " + text_of(*what));
  }
}

} // namespace present::network
