#include "runtime/supervision/guest_scheduler.hpp"

#include "runtime/base/check.hpp"

#include <caf/resumable.hpp>

#include <future>
#include <utility>

namespace present::supervision {

guest_scheduler::guest_scheduler(caf::actor_system& system, host_thread host)
    : abstract_coordinator(system), host_(std::move(host)), unit_(system, *this) {
}

void guest_scheduler::start() {
  clock_thread_ = std::thread{[this] { clock_.run_dispatch_loop(); }};
  abstract_coordinator::start();
}

void guest_scheduler::enqueue(caf::resumable* job) {
  const std::lock_guard guard(lock_);
  queue_.push_back(job);
  if (!is_asked_for_)
    ask_for_turn();
}

/// Under the lock, so that the host is asked for nothing after `stop`'s own wish.
void guest_scheduler::ask_for_turn() {
  is_asked_for_ = !stopped_ && !queue_.empty();
  if (is_asked_for_)
    host_([this] { run(); });
}

void guest_scheduler::run() noexcept {
  {
    const std::lock_guard guard(lock_);
    if (stopped_)
      return;
    turn_.swap(queue_);
  }
  for (auto* job : turn_) {
    const auto outcome = job->resume(&unit_, max_throughput());
    check(outcome != caf::resumable::shutdown_execution_unit, "a guest ends no thread");
    if (outcome == caf::resumable::resume_later) {
      const std::lock_guard guard(lock_);
      queue_.push_back(job);
    } else {
      intrusive_ptr_release(job);
    }
  }
  turn_.clear();
  const std::lock_guard guard(lock_);
  ask_for_turn();
}

void guest_scheduler::stop() {
  {
    const std::lock_guard guard(lock_);
    stopped_ = true;
  }
  // What runs now, and would ask for another turn, is over when this has run.
  std::promise<void> reached;
  host_([&reached] { reached.set_value(); });
  reached.get_future().wait();
  stop_actors();
  for (auto* job : queue_)
    cleanup_and_release(job);
  queue_.clear();
  clock_.cancel_dispatch_loop();
  clock_thread_.join();
}

} // namespace present::supervision
