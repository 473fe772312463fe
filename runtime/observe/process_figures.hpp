#pragma once

#include "runtime/edge/clock.hpp"
#include "runtime/observe/metrics.hpp"

namespace present::observe {

/// What the operating system knows of this process.
struct process_figures {
  double cpu_seconds = 0; ///< user and system, all threads
  double resident_bytes = 0;
  double open_files = 0;
  double max_open_files = 0;
};

process_figures read_process_figures();

/// Adds them to each scrape, under the names on which Prometheus's client
/// libraries have agreed: `process_cpu_seconds_total`,
/// `process_resident_memory_bytes`, `process_open_fds`, `process_max_fds`,
/// `process_start_time_seconds`; and `present_clock_offset_seconds`, how far the
/// machine's wall clock is ahead of ours (P21). `clock` must outlive `to`.
void add_process_figures(metrics& to, const edge::clock& clock);

} // namespace present::observe
