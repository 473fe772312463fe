#include "tools/present/signal_wait.hpp"

#include <csignal>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace present::tools {

signal_wait::signal_wait(const std::vector<int>& signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const auto signal : signals)
    ::sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  file_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

signal_wait::~signal_wait() {
  ::close(file_);
}

std::optional<int> signal_wait::wait(const std::vector<int>& files,
                                     std::uint64_t timeout_ms) {
  std::vector<pollfd> wanted{{file_, POLLIN, 0}};
  for (const auto file : files)
    wanted.push_back({file, POLLIN, 0});
  ::poll(wanted.data(), wanted.size(), static_cast<int>(timeout_ms));
  signalfd_siginfo what{};
  if (::read(file_, &what, sizeof what) == static_cast<ssize_t>(sizeof what))
    return static_cast<int>(what.ssi_signo);
  return std::nullopt;
}

} // namespace present::tools
