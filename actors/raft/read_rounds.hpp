#pragma once

#include "actors/raft/raft_types.hpp"

#include <deque>

namespace present::raft {

/// Linearizable reads without a clock (Ongaro, 6.4; P15). A read is given the
/// commit index at its arrival and the number of a round that has not been sent
/// yet; when a quorum has answered that round in this term, nobody else can
/// have been leader when the read arrived. One round serves all that wait.
///
/// R1  A read joins a round that is sent after it arrived, never an earlier one.
/// R2  A read that came before the leader's own first entry had committed gets
///     its index only then (rule 13).
class read_rounds {
public:
  struct ready {
    ticket id;
    log_index index;
  };

  std::size_t waiting() const { return gathering_.size() + sent_.size(); }
  bool has_unsent() const { return !gathering_.empty(); }
  bool has_unconfirmed() const { return !sent_.empty(); }
  std::uint64_t current() const { return current_; }

  void add(ticket id, log_index commit) { gathering_.push_back({id, commit, 0}); }

  /// Starts a round for all that gathered. What was added before the leader's
  /// first entry committed is raised to `commit` (R2).
  std::uint64_t begin(log_index commit);

  /// A quorum has confirmed `round`: these may be answered.
  std::deque<ready> confirmed(std::uint64_t round);

  /// Everything that waits, for refusing it.
  std::deque<ticket> drain();

private:
  struct waiting_read {
    ticket id;
    log_index index;
    std::uint64_t round;
  };
  std::deque<waiting_read> gathering_;
  std::deque<waiting_read> sent_; // ascending rounds
  std::uint64_t current_ = 0;
};

} // namespace present::raft
