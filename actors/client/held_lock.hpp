#pragma once

#include "actors/client/lock_holder.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace present {

/// How a lock is wanted.
struct lock_options {
  /// It is lost when its holder can't tell the cluster for so long that it lives.
  std::chrono::milliseconds lease{10'000};
  /// For a lock that another holds; 0: not at all.
  std::chrono::milliseconds patience{10'000};
  /// For people: who it is.
  std::string owner;
  /// What others see while it is held, as of an election; null: nothing.
  bytes_ptr value;
  /// Keys, besides those of the lock's own partition, that are written under it: their
  /// partitions refuse older tokens before the lock counts as held (P14).
  std::vector<client::guarded_key> guards;
};

/// A lock that this program holds, and keeps alive in the background. Released when it
/// goes, which has to be before its session does; if the program dies, its lease runs
/// out. Of one thread at a time.
///
///     auto lock = db->lock("jobs", "nightly");
///     if (lock)
///       db->put("jobs", "state", "running", lock->fence());  // refused once it is lost
class held_lock {
public:
  held_lock(caf::actor_system& system, client::lock_actor holder, client::fence_name fence)
      : system_(&system), holder_(std::move(holder)), fence_(std::move(fence)) {}
  held_lock(held_lock&& other) noexcept
      : system_(other.system_), holder_(std::exchange(other.holder_, nullptr)),
        fence_(std::move(other.fence_)) {}
  held_lock& operator=(held_lock&& other) noexcept;
  ~held_lock() { (void)release(); }

  /// Grows with each grant of this lock.
  hlc_stamp token() const { return fence_.token; }
  /// What writes carry that are made under it.
  const client::fence_name& fence() const { return fence_; }

  /// Waits until it is lost, or for so long: then nothing. Else why.
  std::optional<error> wait_lost(std::chrono::milliseconds patience);
  /// Whether it is held still as far as this program can know.
  bool is_held() { return !wait_lost(std::chrono::milliseconds{0}); }

  /// `fenced` if it was lost before. Once.
  present::status release();

private:
  friend class awaited_lock;
  caf::actor_system* system_;
  client::lock_actor holder_;
  client::fence_name fence_;
};

/// A lock that is waited for. Given up when it goes. Of one thread at a time.
class awaited_lock {
public:
  awaited_lock(caf::actor_system& system, client::lock_actor holder, std::string space,
               std::string name)
      : held_(system, std::move(holder), {std::move(space), std::move(name), {}}) {}

  /// The lock, or why it can't be had; nothing if it isn't known within `patience`. Once
  /// it has answered it is of no more use.
  std::optional<result<held_lock>> wait(std::chrono::milliseconds patience);

private:
  held_lock held_; ///< not yet
};

} // namespace present
