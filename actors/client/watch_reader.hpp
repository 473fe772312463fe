#pragma once

#include "actors/client/watcher.hpp"

#include <caf/scoped_actor.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>

namespace present {

/// A watch for programs that block: `next` gives one event after the other.
///
///     auto changes = *db->watch({"accounts", "", true});
///     while (auto event = changes->next(std::chrono::seconds(10)))
///       apply(*event);
///
/// What isn't read waits at the partitions, within their bounds; whoever comes back too
/// late is told to list again (`ended`, `too_old`). Not thread-safe; ends with its session
/// at the latest.
class watch_reader {
public:
  using spawn_function = std::function<client::watcher_actor(const client::watch_listener&)>;
  watch_reader(caf::actor_system& system, const spawn_function& spawn);
  ~watch_reader();

  /// The next event; `deadline` if none comes in time. After `ended` there are no more:
  /// `invalid`.
  result<client::watch_event> next(std::chrono::milliseconds patience);

private:
  bool receive(std::chrono::milliseconds patience);

  caf::scoped_actor self_;
  client::watcher_actor watcher_;
  std::deque<client::watch_event> events_;
  partition_id from_; ///< of whom they are
  bool is_over_ = false;
};

} // namespace present
