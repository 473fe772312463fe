#pragma once

#include "actors/client/client.hpp"
#include "actors/client/lock_names.hpp"
#include "tools/present/signal_wait.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

/// What `lock` and `elect` have in common: a lock is taken, work is done while it is
/// held, and it is released.
namespace present::tools {

/// As the flags name it.
struct lock_arguments {
  std::string name;
  std::string lease = "10s";
  std::optional<std::string> wait; ///< empty: as long as it takes
  std::string owner;
  std::vector<std::string> guards;
  std::optional<std::string> value;
  std::vector<std::string> command;
};

struct wanted_lock {
  client::lock_name name;
  lock_options how;
};

/// Also checks that the command can be run: nothing is locked for one that can't.
result<wanted_lock> wanted_lock_of(const lock_arguments& given);

/// Takes it. A signal ends the waiting: then nothing is held, and the error says so. The
/// space `locks` is made if it isn't there.
result<held_lock> take_lock(client_session& client, const wanted_lock& wanted,
                            signal_wait& signals);

/// Makes the space `locks` where that is what is missing: whether it is worth another try.
bool made_lock_space(client_session& client, const client::lock_name& name, const error& why);

/// Runs a command while the lock is held, with it in the environment (PRESENT_LOCK,
/// PRESENT_LOCK_NAME, PRESENT_LOCK_TOKEN). Lost: the command is sent SIGTERM, and SIGKILL
/// five seconds later. Its exit status as a shell has it, or the error.
result<int> run_locked(held_lock& lock, const std::string& name,
                       const std::vector<std::string>& command, signal_wait& signals);

/// Until a signal comes; or why the lock was lost.
std::optional<error> hold(held_lock& lock, signal_wait& signals);

} // namespace present::tools
