#pragma once

#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <kj/function.h>

#include <functional>
#include <list>
#include <string>
#include <utility>

namespace present::network {

enum class log_severity { info, warning, error };

/// Takes the network thread's log lines, kj's included. Called on that thread.
using log_sink = std::function<void(log_severity, const std::string&)>;

/// Something that lives on the network thread: a listener, a link. Its
/// destructor closes what it has open.
class resident {
public:
  virtual ~resident() noexcept(false) = default;
};

/// What a task on the network thread works with. Never leaves that thread.
class network_loop : private kj::TaskSet::ErrorHandler {
public:
  network_loop(kj::AsyncIoContext& io, const log_sink& log);
  /// Ends what runs here: tasks, then residents last-in first-out. So what a task
  /// lets go of can still tell the resident that it belongs to.
  ~network_loop() noexcept(false);

  kj::Timer& timer() { return io_.provider->getTimer(); }
  kj::Network& network() { return io_.provider->getNetwork(); }
  kj::AsyncIoContext& io() { return io_; }

  /// Lets the promise run by itself; if it fails, that is logged.
  void detach(kj::Promise<void> promise) { background_->add(kj::mv(promise)); }

  /// Makes a T that stays until `evict` or the end of the thread. The reference
  /// may be kept by tasks: no task runs after the end.
  template <class T, class... Arguments>
  T& host(Arguments&&... arguments) {
    auto made = kj::heap<T>(std::forward<Arguments>(arguments)...);
    T& there = *made;
    residents_.push_back(kj::mv(made));
    return there;
  }

  void evict(resident& who);

  void log(log_severity severity, const std::string& line) const {
    log_(severity, line);
  }

private:
  kj::Own<kj::TaskSet> no_tasks();
  void taskFailed(kj::Exception&& problem) override;

  kj::AsyncIoContext& io_;
  const log_sink& log_;
  std::list<kj::Own<resident>> residents_;
  kj::Own<kj::TaskSet> background_;
};

/// "what went wrong (file:line)", without a stack trace.
std::string text_of(const kj::Exception& problem);

} // namespace present::network
