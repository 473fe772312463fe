#include "runtime/supervision/supervision_tree.hpp"

#include "runtime/supervision/starter.hpp"
#include "runtime/supervision/supervisor_actor.hpp"

#include <caf/send.hpp>

#include <condition_variable>
#include <mutex>

namespace present::supervision {

/// Shared with the root actor, which may outlive the tree.
struct supervision_tree::progress {
  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  bool ready = false; ///< guarded by `mutex`
  bool over = false;  ///< guarded by `mutex`

  void set(bool progress::* flag) {
    {
      const std::lock_guard hold(mutex);
      this->*flag = true;
    }
    changed.notify_all();
  }
  bool get(bool progress::* flag) const {
    const std::lock_guard hold(mutex);
    return this->*flag;
  }
  bool wait(bool progress::* flag, std::chrono::milliseconds limit) const {
    std::unique_lock hold(mutex);
    return changed.wait_for(hold, limit, [&] { return this->*flag; });
  }
};

supervision_tree::supervision_tree(caf::actor_system& system,
                                   spawn_settings settings,
                                   supervisor_spec root, end_function on_end)
    : settings_(std::move(settings)), progress_(std::make_shared<progress>()) {
  auto record = std::make_shared<child_record>(
    actor_identity{settings_.node, root.id, "supervisor"});
  auto meter = record->begin_incarnation(settings_.clock->wall_ms());
  auto slot = settings_.addresses->slot(root.id);
  settings_.all->enter(record);

  const auto announce = [record, progress = progress_, clock = settings_.clock] {
    record->set_state(child_state::running, clock->wall_ms());
    progress->set(&progress::ready);
  };
  const auto watch = [record, meter, slot, progress = progress_,
                      settings = settings_,
                      on_end](const caf::strong_actor_ptr& actor) {
    slot->publish(actor);
    actor->get()->attach_functor([=](const caf::error& reason) {
      slot->clear();
      settings.all->leave(record);
      record->set_state(child_state::stopped, settings.clock->wall_ms());
      const bool asked
        = !reason || reason == caf::exit_reason::user_shutdown;
      if (on_end)
        on_end(asked ? std::nullopt : std::optional(meter->error()));
      progress->set(&progress::over);
    });
  };
  starter first(
    system, settings_,
    {record, meter, settings_.clock, settings_.tracer, announce}, nullptr,
    watch);
  root_ = caf::actor_cast<supervisor_handle>(
    first.start<supervisor_actor>(std::move(root), settings_).actor());
}

supervision_tree::~supervision_tree() {
  ask_to_stop();
}

void supervision_tree::ask_to_stop() {
  caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
}

bool supervision_tree::is_ready() const {
  return progress_->get(&progress::ready);
}

bool supervision_tree::is_over() const {
  return progress_->get(&progress::over);
}

bool supervision_tree::wait_until_ready(std::chrono::milliseconds limit) const {
  return progress_->wait(&progress::ready, limit);
}

bool supervision_tree::wait_until_over(std::chrono::milliseconds limit) const {
  return progress_->wait(&progress::over, limit);
}

} // namespace present::supervision
