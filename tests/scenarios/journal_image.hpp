#pragma once

#include "actors/raft/raft_types.hpp"
#include "tests/scenarios/key_value_state.hpp"

#include <deque>
#include <optional>

namespace present::simulation {

/// A durable state: what a checkpoint, or an installed snapshot, holds.
struct checkpoint {
  raft::snapshot_mark mark;
  key_value_state state;
};

/// What a journal would give back if the node lost power now.
struct journal_image {
  raft::hard_state hard;
  raft::snapshot_mark base;
  std::deque<raft::entry> entries;

  log_index last() const { return log_index{base.index.value + entries.size()}; }
  std::optional<term> term_at(log_index index) const;
  std::vector<raft::entry> from(log_index first, std::size_t max_bytes) const;

  /// One write, whole.
  void carry_out(const raft::persist& write);

  /// Opening after a crash. Where an installed snapshot had outrun the journal,
  /// the journal is made to start after it first; a state that the journal has
  /// outrun is missing.
  raft::recovered_state open_with(const checkpoint& state);
};

} // namespace present::simulation
