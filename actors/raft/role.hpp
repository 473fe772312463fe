#pragma once

#include "actors/raft/progress.hpp"
#include "actors/raft/raft_types.hpp"
#include "actors/raft/read_rounds.hpp"

#include <map>
#include <optional>
#include <variant>

/// The roles. Each holds what it needs and nothing of the others, so that what
/// a role knew ends with it.
namespace present::raft {

/// Who has answered, and how. A voter's first answer counts.
using ballot = std::map<node_id, bool>;

struct follower {
  node_id leader; ///< 0: unknown
  time_ms heard_at = 0; ///< of that leader
  time_ms campaign_at = 0;
  /// Rule 2: how far the log is known to equal this leader's, in this term.
  log_index checked;
  std::uint64_t round = 0; ///< the last read round heard of (P15)
  /// The leader has gone quiet; its link tells whether it lives (P20).
  bool quiet = false;
};

struct pre_candidate {
  ballot votes;
  time_ms retry_at = 0;
};

struct candidate {
  ballot votes;
  time_ms retry_at = 0;
  bool transfer = false; ///< told by the leader to go ahead (rule 7)
};

struct leader {
  struct transfer {
    node_id to;
    time_ms give_up_at = 0;
    bool told = false;
  };

  log_index first_own; ///< its empty entry (rule 1)
  std::map<node_id, progress> peers;
  read_rounds reads;
  std::size_t uncommitted_bytes = 0;
  time_ms heartbeat_at = 0;
  time_ms quorum_check_at = 0;
  bool has_quorum = true;
  time_ms busy_at = 0; ///< when there last was something to do
  bool quiet = false;  ///< nothing to do for long, and the peers were told so (P20)
  std::optional<transfer> transferring;
};

/// In the order of `role_kind`.
using role_state = std::variant<follower, pre_candidate, candidate, leader>;

} // namespace present::raft
