#pragma once

#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/spawn_settings.hpp"
#include "runtime/supervision/supervisor_contract.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace present::supervision {

/// A node's actors: the root supervisor and what it supervises, as seen from
/// outside the actor system. Thread-safe but for construction and destruction.
///
/// A root that gives up is not restarted here: `on_end` hears why, and the
/// program exits so that whatever started it starts it anew.
class supervision_tree {
public:
  /// How the root ended: empty if it was asked to. Called once, in the thread of
  /// the root's last message: it must not block.
  using end_function = std::function<void(std::optional<std::string> error)>;

  supervision_tree(caf::actor_system& system, spawn_settings settings,
                   supervisor_spec root, end_function on_end = {});
  /// Asks the root to stop, and waits for nothing.
  ~supervision_tree();
  supervision_tree(const supervision_tree&) = delete;
  supervision_tree& operator=(const supervision_tree&) = delete;

  const supervisor_handle& root() const { return root_; }
  address_book& addresses() const { return *settings_.addresses; }
  const spawn_settings& settings() const { return settings_; }

  /// Children first, right to left.
  void ask_to_stop();

  bool is_ready() const;
  bool is_over() const;
  /// For real threads; simulation runs its scheduler and asks `is_ready`. False:
  /// not within `limit`.
  bool wait_until_ready(std::chrono::milliseconds limit) const;
  bool wait_until_over(std::chrono::milliseconds limit) const;

private:
  struct progress;

  spawn_settings settings_;
  std::shared_ptr<progress> progress_;
  supervisor_handle root_;
};

} // namespace present::supervision
