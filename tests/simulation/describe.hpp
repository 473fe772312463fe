#pragma once

#include "actors/raft/raft_machine.hpp"

#include <string>

/// One line of words for events, effects and machines, as transcripts and logs
/// of runs show them.
namespace present::simulation {

std::string describe(const raft::message& what);
std::string describe(const raft::event_kind& what);
std::string describe(const raft::effect& what);
std::string describe(const raft::configuration& members);
/// Role, term, log and commit: "n2 leader t3 log 1..9 durable 8 commit 7".
std::string describe(const raft::raft_machine& machine);

} // namespace present::simulation
