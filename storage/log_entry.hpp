#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// What a replicated log is made of, as the journal keeps it and the raft
/// machine thinks about it. Plain data, std only.
namespace present::raft {

enum class entry_kind : std::uint8_t {
  empty = 0,         ///< the first entry of a leadership (rule 1)
  command = 1,       ///< a batch for the state machine
  configuration = 2, ///< an encoded `configuration` (rule 6)
};

/// Who takes part. Two voter lists while a joint consensus is under way.
struct configuration {
  std::vector<node_id> voters;
  std::vector<node_id> outgoing; ///< empty unless joint
  std::vector<node_id> learners;

  bool is_joint() const { return !outgoing.empty(); }
  friend bool operator==(const configuration&, const configuration&) = default;
};

/// An entry's bytes are shared, never copied, from proposal to disk and link.
using payload_ptr = std::shared_ptr<const std::string>;

struct entry {
  term at_term;
  log_index index;
  entry_kind kind = entry_kind::empty;
  payload_ptr payload; ///< null for `empty`
};

/// What must be durable before a message of its step leaves (rule 4).
struct hard_state {
  term current_term;
  node_id voted_for; ///< 0: nobody
  friend bool operator==(const hard_state&, const hard_state&) = default;
};

/// The end of what a snapshot replaced. Index and term travel together (rule 10).
struct snapshot_mark {
  log_index index;
  term at_term;
  configuration members;
  friend bool operator==(const snapshot_mark&, const snapshot_mark&) = default;
};

/// What the journal and the state store gave back on opening.
struct recovered_state {
  hard_state hard;
  snapshot_mark snapshot; ///< index 0: none; `members` is then the bootstrap
  std::vector<entry> entries; ///< contiguous, after the snapshot
  log_index applied;          ///< what the durable state already contains
};

} // namespace present::raft
