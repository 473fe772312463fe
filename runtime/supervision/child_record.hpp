#pragma once

#include "runtime/supervision/actor_meter.hpp"
#include "runtime/supervision/description.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace present::supervision {

enum class child_state : std::uint8_t {
  starting,
  running,
  stopping,
  stopped,
  crashed,
};

std::string_view to_string(child_state state);

/// What is known of a child over all its restarts. Its supervisor writes it,
/// anybody reads it. Thread-safe.
class child_record {
public:
  explicit child_record(actor_identity identity)
      : identity_(std::move(identity)) {}

  /// A new incarnation begins with a meter of its own: what late senders still
  /// put into the old one's mailbox must not count here.
  std::shared_ptr<actor_meter> begin_incarnation(std::uint64_t wall_ms);
  void set_state(child_state state, std::uint64_t wall_ms);
  /// A crash that will be, or was, followed by a restart.
  void set_crashed(std::string error, std::uint64_t wall_ms);

  const actor_identity& identity() const { return identity_; }
  child_state state() const;

  /// Everything but `children` and `more`, which only the actor knows.
  description describe() const;

private:
  const actor_identity identity_;
  mutable std::mutex mutex_;
  // All guarded by `mutex_`.
  child_state state_ = child_state::stopped;
  std::uint64_t since_ms_ = 0;
  std::uint64_t incarnations_ = 0;
  std::string last_error_;
  std::shared_ptr<actor_meter> meter_;
  std::uint64_t handled_before_ = 0; ///< by earlier incarnations
  std::uint64_t handling_ns_before_ = 0;
};

/// What all actors of one kind have done: the metrics' rows.
struct kind_totals {
  std::uint64_t actors = 0;
  std::uint64_t mailbox = 0;
  std::uint64_t deepest_mailbox = 0;
  std::uint64_t handled = 0;
  std::uint64_t handling_us = 0;
  std::uint64_t restarts = 0;
};

/// All children of all supervisors of one node. Counts nothing itself: it reads
/// the records when it is asked. Thread-safe.
class census {
public:
  void enter(const std::shared_ptr<child_record>& record);
  /// Its sums stay in its kind's.
  void leave(const std::shared_ptr<child_record>& record);

  std::map<std::string, kind_totals> totals() const;

  /// Actors that were stuck in their own code when their time was over, and may
  /// be still. CAF waits for them at the end of its actor system: a program that
  /// finds some here leaves without.
  void count_abandoned() {
    abandoned_.fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t abandoned() const {
    return abandoned_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> abandoned_{0};
  mutable std::mutex mutex_;
  // Guarded by `mutex_`.
  std::map<const child_record*, std::shared_ptr<child_record>> present_;
  std::map<std::string, kind_totals> left_;
};

} // namespace present::supervision
