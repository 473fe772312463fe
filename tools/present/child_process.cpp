#include "tools/present/child_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace present::tools {

namespace {

error system_error(const std::string& what) {
  return make_error(error_code::invalid, what + ": " + std::strerror(errno));
}

int open_pidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

bool becomes_readable(int file, std::uint64_t timeout_ms) {
  pollfd wanted{file, POLLIN, 0};
  int ready = 0;
  do
    ready = ::poll(&wanted, 1, static_cast<int>(timeout_ms));
  while (ready < 0 && errno == EINTR);
  return ready > 0;
}

/// In the child, between fork and exec: only what is safe after fork. Failures
/// end it with 127, as a shell would.
[[noreturn]] void become(char* const* arguments, int output, int errors,
                         const process_options& options, pid_t parent) {
  if (options.dies_with_us) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before the line above.
    if (::getppid() != parent)
      ::_exit(127);
    // Its own group: a Ctrl-C on the terminal is for us to hand on, in order.
    if (!options.is_command)
      ::setpgid(0, 0);
  } else {
    ::setsid();
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (output >= 0 && ::dup2(output, STDOUT_FILENO) < 0)
    ::_exit(127);
  if (errors >= 0 && ::dup2(errors, STDERR_FILENO) < 0)
    ::_exit(127);
  if (options.is_command)
    ::execvp(arguments[0], arguments);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

} // namespace

result<child_process> child_process::start(const process_options& options) {
  std::vector<char*> arguments;
  for (const auto& argument : options.arguments)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  int log = -1;
  if (!options.log.empty()) {
    log = ::open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0)
      return system_error("can't open " + options.log.string());
  }
  std::array<int, 2> pipe{-1, -1};
  if (options.captures_output && ::pipe2(pipe.data(), O_CLOEXEC) != 0)
    return system_error("can't make a pipe");
  const auto parent = ::getpid();
  const auto pid = ::fork();
  if (pid == 0)
    become(arguments.data(), options.captures_output ? pipe[1] : log, log,
           options, parent);
  const auto failed = pid < 0;
  const auto reason = errno;
  if (log >= 0)
    ::close(log);
  if (pipe[1] >= 0)
    ::close(pipe[1]);
  if (failed) {
    errno = reason;
    return system_error("can't start " + options.arguments[0]);
  }
  return child_process{pid, open_pidfd(pid), pipe[0]};
}

child_process::child_process(child_process&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), pidfd_(std::exchange(other.pidfd_, -1)),
      output_(std::exchange(other.output_, -1)),
      wait_status_(std::exchange(other.wait_status_, std::nullopt)) {}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(pidfd_, other.pidfd_);
  std::swap(output_, other.output_);
  std::swap(wait_status_, other.wait_status_);
  return *this;
}

child_process::~child_process() {
  if (pid_ != 0 && !wait_status()) {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  close_files();
}

void child_process::signal(int number) const {
  // Once it has been waited for, the number may be another's.
  if (pid_ != 0 && !wait_status_)
    ::kill(pid_, number);
}

std::optional<int> child_process::wait_status() {
  int status = 0;
  if (pid_ != 0 && !wait_status_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
    wait_status_ = status;
  return wait_status_;
}

bool child_process::ends_within(std::uint64_t timeout_ms) {
  if (wait_status())
    return true;
  becomes_readable(pidfd_, timeout_ms);
  return wait_status().has_value();
}

std::string child_process::read_output() {
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto count = ::read(output_, buffer.data(), buffer.size());
    if (count > 0)
      text.append(buffer.data(), static_cast<std::size_t>(count));
    else if (count == 0 || errno != EINTR)
      return text;
  }
}

std::string child_process::read_line() {
  std::string line;
  char letter = 0;
  for (;;) {
    const auto count = ::read(output_, &letter, 1);
    if (count == 1 && letter != '\n')
      line += letter;
    else if (count >= 0 || errno != EINTR)
      return line;
  }
}

void child_process::release() {
  pid_ = 0;
  close_files();
}

void child_process::close_files() {
  for (auto* file : {&pidfd_, &output_})
    if (*file >= 0)
      ::close(std::exchange(*file, -1));
}

std::filesystem::path own_program() {
  return std::filesystem::read_symlink("/proc/self/exe");
}

bool is_alive(pid_t pid) {
  return pid > 0 && (::kill(pid, 0) == 0 || errno == EPERM);
}

bool runs_this_program(pid_t pid) {
  std::error_code gone;
  const auto program
    = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", gone);
  // A program that was built anew since is marked as deleted.
  return !gone && program.filename().string().rfind(own_program().filename().string(), 0) == 0;
}

bool ends_within(pid_t pid, std::uint64_t timeout_ms) {
  const auto pidfd = open_pidfd(pid);
  if (pidfd < 0)
    return !is_alive(pid);
  const auto ended = becomes_readable(pidfd, timeout_ms);
  ::close(pidfd);
  return ended;
}

std::string describe_wait_status(int status) {
  if (WIFSIGNALED(status))
    return "signal " + std::to_string(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

} // namespace present::tools
