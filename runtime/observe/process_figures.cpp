#include "runtime/observe/process_figures.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

namespace present::observe {

process_figures read_process_figures() {
  process_figures now;
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  now.cpu_seconds = static_cast<double>(cpu.tv_sec)
                    + static_cast<double>(cpu.tv_nsec) / 1e9;

  // proc(5): sizes in pages, total first, resident second.
  double pages = 0;
  double resident_pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident_pages;
  now.resident_bytes
    = resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));

  std::error_code unreadable;
  for (std::filesystem::directory_iterator file("/proc/self/fd", unreadable);
       !unreadable && file != std::filesystem::directory_iterator();
       file.increment(unreadable))
    ++now.open_files;

  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    now.max_open_files = static_cast<double>(limit.rlim_cur);
  return now;
}

void add_process_figures(metrics& to, const edge::clock& clock) {
  const auto started = static_cast<double>(clock.wall_ms()) / 1000;
  to.add_source([started, &clock](samples& scrape) {
    const auto now = read_process_figures();
    scrape.add_counter("process_cpu_seconds_total",
                       "User and system CPU time spent.", now.cpu_seconds);
    scrape.add_gauge("process_resident_memory_bytes", "Resident memory.",
                     now.resident_bytes);
    scrape.add_gauge("process_open_fds", "Open file descriptors.",
                     now.open_files);
    scrape.add_gauge("process_max_fds", "Most open file descriptors allowed.",
                     now.max_open_files);
    scrape.add_gauge("process_start_time_seconds",
                     "Start of the process since the Unix epoch.", started);
    scrape.add_gauge("present_clock_offset_seconds",
                     "How far the machine's wall clock is ahead of the node's.",
                     static_cast<double>(clock.wall_offset_ms()) / 1000);
  });
}

} // namespace present::observe
