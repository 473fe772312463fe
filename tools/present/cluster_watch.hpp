#pragma once

#include "runtime/base/error.hpp"
#include "tools/present/local_cluster.hpp"
#include "tools/present/signal_wait.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace present::tools {

/// Until every partition has a leader that can commit. Nodes that end meanwhile
/// are restarted; `deadline` with the last thing known, or `invalid` if a signal
/// asks to stop.
status wait_until_available(local_cluster& cluster, signal_wait& signals,
                            std::uint64_t timeout_ms);

/// Three commands to try on the cluster in `data`.
std::vector<std::string> next_commands(const std::string& data);

} // namespace present::tools
