#pragma once

#include "runtime/base/ids.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What a replicated log is made of, as the journal keeps it and the raft
/// machine thinks about it. Plain data, std only.
namespace present::raft {

enum class entry_kind : std::uint8_t {
  empty = 0,         ///< the first entry of a leadership (rule 1)
  command = 1,       ///< a batch for the state machine
  configuration = 2, ///< who takes part from here on (rule 6)
};

/// Which incarnation of a node's data is meant (P19).
struct member_store {
  node_id node;
  store_id store;
  friend bool operator==(const member_store&, const member_store&) = default;
};

/// Who takes part. Two voter lists while a joint consensus is under way.
struct configuration {
  std::vector<node_id> voters;
  std::vector<node_id> outgoing; ///< empty unless joint
  std::vector<node_id> learners;
  /// A node listed here takes part with that store only; messages of any other
  /// are ignored. A node not listed is not checked.
  std::vector<member_store> stores;

  bool is_joint() const { return !outgoing.empty(); }
  friend bool operator==(const configuration&, const configuration&) = default;
};

using configuration_ptr = std::shared_ptr<const configuration>;

/// An entry's bytes are shared, never copied, from proposal to disk and link.
using payload_ptr = std::shared_ptr<const std::string>;

struct entry {
  term at_term;
  log_index index;
  entry_kind kind = entry_kind::empty;
  payload_ptr payload;       ///< set for `command` only
  configuration_ptr members; ///< set for `configuration` only
};

/// An entry's name: two logs that hold the same position are equal up to it.
struct log_position {
  log_index index;
  term at_term;
  friend auto operator<=>(const log_position&, const log_position&) = default;
};

/// Of logs that end there, as raft compares them: by term, then by index.
inline bool is_up_to_date(const log_position& log, const log_position& other) {
  return std::pair{log.at_term, log.index} >= std::pair{other.at_term, other.index};
}

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

/// How the state stands that a replica's log is applied to (P24).
enum class state_standing : std::uint8_t {
  sound,     ///< every row was read, and is as it was written
  unchecked, ///< not yet: its replica follows and votes, and doesn't lead
  /// There is none that reaches the beginning of the log: its replica follows and
  /// votes, but doesn't lead or apply until a peer has sent a state.
  missing,
};

/// What the journal and the state store gave back on opening.
struct recovered_state {
  hard_state hard;
  /// What the log starts after: the journal's own mark, or the state's if an
  /// installed snapshot had outrun the journal when the node died. Index 0:
  /// the log is whole, and `members` is the bootstrap (empty: not yet invited).
  snapshot_mark snapshot;
  /// The mark is the state's, and the journal has yet to be told: whatever it
  /// holds besides goes.
  bool mark_unwritten = false;
  std::vector<entry> entries; ///< contiguous, after the snapshot
  log_index applied; ///< what the durable state already contains
  /// If `missing`, `applied` is the snapshot's index, where the next state begins.
  state_standing state = state_standing::sound;
  /// Where the log once ended, if damaged entries had to be left out of
  /// `entries` (rule 15): until it reaches this far again the replica neither
  /// votes nor leads. Zero: nothing is missing.
  log_position promised;
};

} // namespace present::raft
