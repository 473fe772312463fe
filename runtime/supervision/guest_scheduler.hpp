#pragma once

#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace present::supervision {

/// Runs something on a thread that has other things to do as well: one after the
/// other, in the order in which it is given, until after the actor system has ended.
/// Never at once, in the call itself.
using host_thread = std::function<void(std::function<void()>)>;

/// CAF's scheduler as a guest on a thread of ours: all actors that aren't detached run
/// there, and there is no worker. What a message costs between that thread's own work
/// and an actor is then a push and a pop, and no switch between threads.
///
///   enqueue ─▶ queue ──first one: host(run)──▶ run: each actor that was in the queue
///                                               has its turn ──▶ host(run) if there are more
///
/// S1  At most one `run` is under way or asked for, and one is if the queue isn't empty.
/// S2  A turn is bounded by CAF's `max-throughput`, a `run` by the actors that waited when
///     it began: the host has its own turn in between.
/// S3  After `stop` nothing runs; what waits is released.
///
/// `enqueue` from any thread; `stop` not from the host's.
class guest_scheduler final : public caf::scheduler::abstract_coordinator {
public:
  guest_scheduler(caf::actor_system& system, host_thread host);

  void enqueue(caf::resumable* job) override;
  caf::actor_clock& clock() noexcept override { return clock_; }

protected:
  void start() override;
  void stop() override;

private:
  struct unit final : caf::execution_unit {
    unit(caf::actor_system& system, guest_scheduler& owner)
        : execution_unit(&system), owner_(owner) {}
    void exec_later(caf::resumable* job) override { owner_.enqueue(job); }
    guest_scheduler& owner_;
  };

  /// What escaped from CAF would leave actors without a turn for good: it ends the
  /// process, as on a worker.
  void run() noexcept;
  void ask_for_turn();

  const host_thread host_;
  unit unit_; ///< the host thread's

  std::mutex lock_;
  // Guarded by lock_.
  std::vector<caf::resumable*> queue_; ///< each counted once
  bool is_asked_for_ = false;
  bool stopped_ = false;

  std::vector<caf::resumable*> turn_; ///< the host thread's, empty between runs

  caf::detail::thread_safe_actor_clock clock_;
  std::thread clock_thread_;
};

} // namespace present::supervision
