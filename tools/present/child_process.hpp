#pragma once

#include "runtime/base/error.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

/// A process that this one started: one owner, who ends it.
namespace present::tools {

struct process_options {
  std::vector<std::string> arguments; ///< the first is the program's path
  /// Where both of its output streams go, appended. Empty: where ours go.
  std::filesystem::path log;
  /// The kernel ends it when we end, however that happens. Else it leaves our
  /// session, so that a closed terminal doesn't end it either.
  bool dies_with_us = true;
  /// Its standard output comes back through `read_output` instead.
  bool captures_output = false;
  /// A user's command in our place: looked for in PATH, and in our process group, so
  /// that it has the terminal and hears a Ctrl-C by itself.
  bool is_command = false;
};

/// Not thread-safe. Destroying it kills the process and waits for its end, unless
/// `release` was called.
class child_process {
public:
  static result<child_process> start(const process_options& options);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process();

  pid_t pid() const { return pid_; }
  /// Readable when the process has ended: for poll(2).
  int ended_fd() const { return pidfd_; }

  void signal(int number) const;

  /// The wait status if it has ended: see wait(2). Asks again at no cost.
  std::optional<int> wait_status();

  /// Waits for the end, at most so long; whether it came.
  bool ends_within(std::uint64_t timeout_ms);

  /// All that it writes to standard output until it closes it.
  std::string read_output();

  /// The next line of it, without its end; empty once it has closed it.
  std::string read_line();

  /// Lets it live on without us.
  void release();

private:
  child_process(pid_t pid, int pidfd, int output)
      : pid_(pid), pidfd_(pidfd), output_(output) {}
  void close_files();

  pid_t pid_ = 0; ///< 0: moved from or released
  int pidfd_ = -1;
  int output_ = -1;
  std::optional<int> wait_status_;
};

/// The running program's own file: what a node process is started from.
std::filesystem::path own_program();

/// Whether a process of this number is there; one that we don't own too.
bool is_alive(pid_t pid);

/// Alive, and running this program: numbers are used again, so a signal to a
/// number from a file goes out only after this.
bool runs_this_program(pid_t pid);

/// Waits for the end of a process that isn't our child.
bool ends_within(pid_t pid, std::uint64_t timeout_ms);

/// "exit status 3", "signal 9".
std::string describe_wait_status(int status);

} // namespace present::tools
