#include "tools/present/locked_work.hpp"

#include "tools/present/child_process.hpp"
#include "tools/present/settings.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

namespace present::tools {

namespace {

/// Long enough for whoever has other things to do, and counted in 32 bits of ms.
constexpr std::chrono::milliseconds as_long_as_it_takes = std::chrono::hours(24 * 30);
/// How often a signal, or that the lock was lost, is looked for.
constexpr auto look_every = std::chrono::milliseconds(50);
/// What a command has to end in, from SIGTERM on.
constexpr std::uint64_t term_ms = 5'000;

result<std::chrono::milliseconds> duration_of(const char* flag, const std::string& text) {
  const auto ms = parse_duration_ms(text);
  if (!ms)
    return make_error(error_code::invalid, std::string{flag} + ": '" + text
                                             + "'; a duration such as 250ms, 10s or 2m");
  return std::chrono::milliseconds(*ms);
}

result<client::guarded_key> guard_of(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == text.size())
    return make_error(error_code::invalid, "--guard: '" + text + "'; SPACE/KEY");
  return client::guarded_key{text.substr(0, slash), text.substr(slash + 1)};
}

/// Empty if it can be run, as execvp(3) looks for it.
std::optional<error> command_problem(const std::string& command) {
  const auto refusal = [&](const char* why) {
    return make_error(error_code::invalid, "command '" + command + "' " + why);
  };
  if (command.find('/') != std::string::npos)
    return ::access(command.c_str(), X_OK) == 0 ? std::nullopt
                                                : std::optional{refusal("can't be run")};
  const auto* given = std::getenv("PATH");
  std::istringstream path{given ? given : "/usr/local/bin:/usr/bin:/bin"};
  for (std::string folder; std::getline(path, folder, ':');)
    if (::access((std::filesystem::path{folder} / command).c_str(), X_OK) == 0)
      return std::nullopt;
  return refusal("is not in PATH");
}

std::string own_name() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return std::string{host.data()} + ':' + std::to_string(::getpid());
}

int as_shell_has_it(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void put_into_environment(const held_lock& lock, const std::string& name) {
  const auto token = std::to_string(lock.token().value);
  ::setenv("PRESENT_LOCK_NAME", name.c_str(), 1);
  ::setenv("PRESENT_LOCK_TOKEN", token.c_str(), 1);
  ::setenv("PRESENT_LOCK", (name + ':' + token).c_str(), 1);
}

error interrupted_error() {
  auto why = make_error(error_code::deadline, "a signal came while the lock was waited for");
  why.known = outcome::not_applied;
  return why;
}

void stop(child_process& command) {
  command.signal(SIGTERM);
  if (!command.ends_within(term_ms)) {
    command.signal(SIGKILL);
    command.ends_within(term_ms);
  }
}

} // namespace

result<wanted_lock> wanted_lock_of(const lock_arguments& given) {
  wanted_lock wanted;
  if (!given.command.empty())
    if (auto problem = command_problem(given.command.front()))
      return std::move(*problem);
  auto name = client::parse_lock_name(given.name);
  if (!name)
    return std::move(name.problem());
  wanted.name = std::move(*name);
  const auto lease = duration_of("--lease", given.lease);
  if (!lease)
    return lease.problem();
  wanted.how.lease = *lease;
  if (lease->count() < min_lease_ms || lease->count() > max_lease_ms)
    return make_error(error_code::invalid,
                      "--lease: " + given.lease + "; 200ms to an hour");
  wanted.how.patience = as_long_as_it_takes;
  if (given.wait) {
    const auto wait = duration_of("--wait", *given.wait);
    if (!wait)
      return wait.problem();
    wanted.how.patience = std::min(*wait, as_long_as_it_takes);
  }
  wanted.how.owner = given.owner.empty() ? own_name() : given.owner;
  if (given.value)
    wanted.how.value = std::make_shared<const std::string>(*given.value);
  for (const auto& text : given.guards) {
    auto guard = guard_of(text);
    if (!guard)
      return std::move(guard.problem());
    wanted.how.guards.push_back(std::move(*guard));
  }
  return wanted;
}

bool made_lock_space(client_session& client, const client::lock_name& name, const error& why) {
  if (why.code != error_code::unknown_space || name.space != client::default_lock_space)
    return false;
  const auto made = client.create_space(name.space);
  return made || made.problem().code == error_code::version_conflict;
}

result<held_lock> take_lock(client_session& client, const wanted_lock& wanted,
                            signal_wait& signals) {
  for (bool made = false;;) {
    auto awaited = client.begin_lock(wanted.name.space, wanted.name.key, wanted.how);
    std::optional<result<held_lock>> how;
    while (!how) {
      how = awaited.wait(look_every);
      if (!how && signals.wait({}, 0))
        return interrupted_error();
    }
    if (*how || made || !made_lock_space(client, wanted.name, how->problem()))
      return std::move(*how);
    made = true;
  }
}

result<int> run_locked(held_lock& lock, const std::string& name,
                       const std::vector<std::string>& command, signal_wait& signals) {
  put_into_environment(lock, name);
  process_options options;
  options.arguments = command;
  options.is_command = true;
  auto started = child_process::start(options);
  if (!started)
    return std::move(started.problem());
  auto& running = *started;
  for (;;) {
    const auto signal = signals.wait({running.ended_fd()}, look_every.count());
    if (signal && *signal != SIGINT) // which the command has heard, too
      running.signal(*signal);
    // First this: what ended without the lock can't be called done.
    if (auto lost = lock.wait_lost(std::chrono::milliseconds{0})) {
      stop(running);
      return std::move(*lost);
    }
    if (const auto status = running.wait_status())
      return as_shell_has_it(*status);
  }
}

std::optional<error> hold(held_lock& lock, signal_wait& signals) {
  for (;;) {
    if (signals.wait({}, look_every.count()))
      return std::nullopt;
    if (auto lost = lock.wait_lost(std::chrono::milliseconds{0}))
      return lost;
  }
}

} // namespace present::tools
