#pragma once

#include "actors/raft/raft_types.hpp"

#include <deque>
#include <optional>

namespace present::raft {

/// What was given to the disk and is not yet known to be on it, and the messages
/// that may leave only then. Writes are one FIFO, so a later one being durable
/// says the same of all before it.
///
/// W1  A completed write makes durable what the log still has of it: entries
///     that were cut off since don't count, even if equal ones came back, for
///     the cut is queued behind and would be carried out first (rule 3).
class write_queue {
public:
  struct write {
    std::uint64_t number = 0;
    hard_state hard;
    log_position last; ///< of its entries; zero: none
    log_index base;    ///< the log's new base; zero: unchanged
  };

  explicit write_queue(hard_state found) : durable_(found) {}

  const hard_state& durable() const { return durable_; }
  std::uint64_t next_number() const { return last_number_ + 1; }
  bool idle() const { return writes_.empty(); }
  std::uint64_t oldest() const { return writes_.front().number; }
  /// The last that is durable or may become so; 0: none was ever written.
  std::uint64_t latest() const {
    return writes_.empty() ? completed_ : writes_.back().number;
  }

  std::uint64_t add(hard_state hard, log_position last, log_index base);
  /// The log was cut off at `first` (W1).
  void cut(log_index first);
  /// All writes up to `number`; nothing if they are done, or forgotten.
  std::deque<write> complete(std::uint64_t number);
  /// None of the writes in the queue will complete.
  void forget() { writes_.clear(); }

  void hold(std::uint64_t until, message what, std::size_t max_held);
  std::deque<message> release(std::uint64_t number);

private:
  struct held_message {
    std::uint64_t until;
    message what;
  };
  std::deque<write> writes_;
  std::deque<held_message> held_;
  hard_state durable_;
  std::uint64_t last_number_ = 0;
  std::uint64_t completed_ = 0;
};

} // namespace present::raft
