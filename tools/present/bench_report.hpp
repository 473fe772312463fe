#pragma once

#include "tools/present/output.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// What a bench says of itself. Pure. The fields are INTERFACE's.
namespace present::tools {

struct bench_figures {
  std::uint64_t calls = 0; ///< that succeeded
  std::uint64_t elapsed_ns = 0;
  std::vector<std::uint32_t> latencies_us; ///< of those, ascending
  std::map<std::string, std::uint64_t> errors; ///< by code
  std::uint64_t client_cpu_us = 0;
  /// All nodes together; empty where they aren't processes of this machine.
  std::optional<std::uint64_t> server_cpu_us;
};

/// The least latency that `percent` of the calls didn't exceed; 0 without calls.
double percentile_ms(const std::vector<std::uint32_t>& ascending_us, double percent);

json to_json(const bench_figures& figures);

/// The user and system time in a line of /proc/PID/stat, in ticks; empty if it
/// isn't such a line. The program's name in it may hold anything.
std::optional<std::uint64_t> cpu_ticks_in(const std::string& stat_line);

} // namespace present::tools
