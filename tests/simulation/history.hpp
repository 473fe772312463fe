#pragma once

#include "actors/raft/raft_types.hpp"
#include "tests/simulation/key_value_state.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <vector>

namespace present::simulation {

/// What the clients saw, checked as it happens.
///
/// Every answer names the log index that it saw. Operations on one log are
/// linearizable if that order is one of real time too: whoever starts after an
/// answer was received sees at least the answered index. A read must return the
/// last value committed at or before its index; a write that was reported as
/// not applied must never be committed (P5).
class history {
public:
  struct operation {
    bool is_write = false;
    key_value_command command; ///< a read: only its key
    std::uint64_t started_us = 0;
    bool open = true;
  };

  raft::ticket begin(bool is_write, std::uint64_t key, std::uint64_t now_us);
  const operation& at(raft::ticket id) const { return operations_[id]; }
  bool is_open(raft::ticket id) const { return operations_[id].open; }

  void succeeded(raft::ticket id, log_index seen, std::uint64_t value,
                 std::uint64_t now_us);
  /// The caller was told that it had, and never would have, any effect.
  void not_applied(raft::ticket id);
  void unknown(raft::ticket id) { operations_[id].open = false; }

  /// The log, in order, as it is committed.
  void committed(const raft::entry& item);

  std::uint64_t writes_acknowledged() const { return writes_; }
  std::uint64_t reads_answered() const { return reads_; }

private:
  std::uint64_t value_at(std::uint64_t key, log_index index) const;
  log_index seen_before(std::uint64_t started_us) const;

  struct answer {
    std::uint64_t at_us;
    log_index highest;
  };
  std::vector<operation> operations_;
  std::vector<answer> answers_; // ascending in both
  std::map<std::uint64_t, std::vector<std::pair<log_index, std::uint64_t>>> values_;
  std::map<std::uint64_t, log_index> committed_; // by value
  std::set<std::uint64_t> denied_;
  std::uint64_t writes_ = 0;
  std::uint64_t reads_ = 0;
};

} // namespace present::simulation
