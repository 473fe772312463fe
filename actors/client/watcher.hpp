#pragma once

#include "actors/client/client_contract.hpp"
#include "actors/client/watch_stream_machine.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/wake_timer.hpp"

#include <caf/all.hpp>

/// A watch as an actor: for programs that are actors themselves.
namespace present::client {

/// From the watcher to its listener: what has changed, in order. The next comes when it
/// has been answered, so a listener that is slow is told less at once; answer with
/// `watch_taken` of the same partition. The last one ends with an `ended`.
struct watch_delivery {
  partition_id partition;
  std::vector<watch_event> events;
};
struct watch_taken {
  partition_id partition;
};
using watch_listener = caf::typed_actor<caf::reacts_to<watch_delivery>>;

/// The watcher to itself: the time that its machine asked for has come.
struct watcher_wake {};

/// Ends with its listener, at the end of its watch, or when it is sent an exit.
using watcher_actor
  = caf::typed_actor<caf::reacts_to<watch_taken>, caf::reacts_to<watcher_wake>>;

class watcher_shell final : public supervision::measured_actor<watcher_actor> {
public:
  watcher_shell(caf::actor_config& config, const watch_stream::settings& options,
                client_actor client, watch_listener listener);

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  void step(watch_stream::event_kind what);
  void perform(const watch_stream::ask_map& what);
  void perform(watch_stream::ask_partition& what);
  void perform(watch_stream::deliver& what);

  watch_stream::machine machine_;
  client_actor client_;
  watch_listener listener_;
  supervision::wake_timer<watcher_wake> timer_;
};

} // namespace present::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::watch_delivery)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::watch_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::watcher_wake)
