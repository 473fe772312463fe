#pragma once

#include "runtime/base/ids.hpp"
#include "runtime/edge/clock.hpp"
#include "runtime/observe/tracer.hpp"
#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/child_record.hpp"

#include <functional>
#include <memory>

namespace present::supervision {

/// What all supervisors of one node share.
struct spawn_settings {
  node_id node;
  /// Simulation runs everything in one thread: no actor gets its own.
  bool allow_detached = true;
  /// Restart intensity, shutdown times and measurements. Simulation passes its
  /// own, and moves it together with CAF's test clock.
  const edge::clock* clock = &edge::machine_clock();
  /// Where actors record their spans; nullptr: nowhere.
  observe::tracer* tracer = nullptr;
  std::shared_ptr<address_book> addresses = std::make_shared<address_book>();
  std::shared_ptr<census> all = std::make_shared<census>();
  /// Hears of each actor when it is made and has not run yet. Simulation keeps hold
  /// of them, so that it can end a node without a farewell.
  std::function<void(const actor_identity&, const caf::strong_actor_ptr&)> on_made;
};

} // namespace present::supervision
