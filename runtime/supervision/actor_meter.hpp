#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/edge/clock.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

namespace present::supervision {

/// Who an actor is, over all its restarts.
struct actor_identity {
  node_id node;
  std::string path = "-"; ///< "node/partitions/3"
  std::string kind = "unsupervised";
};

/// What one incarnation of an actor counts. Written by the actor and by those
/// who send to it, read by anybody at any time; the numbers are each right, but
/// not of one instant.
class actor_meter {
public:
  /// A message is to enter the mailbox: any thread. False: it is full.
  bool on_enqueued() {
    const auto before = enqueued_.fetch_add(1, std::memory_order_relaxed);
    const auto limit = limit_.load(std::memory_order_relaxed);
    // Only an actor with a limit makes its senders look at what it has consumed.
    return limit == no_limit
           || before < limit + consumed_.load(std::memory_order_relaxed);
  }
  /// It wasn't let in after all.
  void on_refused() {
    enqueued_.fetch_sub(1, std::memory_order_relaxed);
    refused_.fetch_add(1, std::memory_order_relaxed);
  }

  /// A message has left it: the actor only, hence no locked instruction.
  void on_consumed(std::uint64_t handling_ns) {
    add(consumed_, 1);
    add(handling_ns_, handling_ns);
  }

  std::uint64_t handled() const {
    return consumed_.load(std::memory_order_relaxed);
  }
  std::uint64_t handling_ns() const {
    return handling_ns_.load(std::memory_order_relaxed);
  }
  /// Messages waiting, the one being handled included.
  std::uint64_t mailbox() const {
    const auto taken = consumed_.load(std::memory_order_relaxed);
    const auto given = enqueued_.load(std::memory_order_relaxed);
    return given > taken ? given - taken : 0;
  }

  static constexpr std::uint64_t no_limit = UINT64_MAX / 2;
  void set_limit(std::uint64_t messages) {
    limit_.store(messages, std::memory_order_relaxed);
  }
  std::uint64_t refused() const {
    return refused_.load(std::memory_order_relaxed);
  }

  /// The error that ends this incarnation, in words.
  void set_error(std::string text) {
    const std::lock_guard hold(mutex_);
    error_ = std::move(text);
  }
  std::string error() const {
    const std::lock_guard hold(mutex_);
    return error_;
  }

private:
  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) {
    counter.store(counter.load(std::memory_order_relaxed) + amount,
                  std::memory_order_relaxed);
  }

  /// Senders and the actor write to different cache lines.
  alignas(64) std::atomic<std::uint64_t> enqueued_{0};
  std::atomic<std::uint64_t> limit_{no_limit};
  std::atomic<std::uint64_t> refused_{0};
  alignas(64) std::atomic<std::uint64_t> consumed_{0};
  std::atomic<std::uint64_t> handling_ns_{0};

  mutable std::mutex mutex_;
  std::string error_; ///< guarded by `mutex_`
};

} // namespace present::supervision
