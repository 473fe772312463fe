#pragma once

#include "runtime/base/error.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/description.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>

namespace present::supervision {

/// From anybody: start one more child, to the right of the others. The answer
/// comes when the child has initialised itself, and is its handle; its address
/// is in the book from then on. `invalid`: there is a child of that id.
/// `unknown_outcome`: the supervisor or the child ended before. Not idempotent.
/// A supervisor that is restarted forgets the children that were added to it.
struct start_child {
  child_spec spec;
};
using start_child_answer = result<caf::strong_actor_ptr>;

/// From anybody: stop a child and forget it. The answer comes when its actor is
/// gone, or was abandoned. `not_found`: there is no such child. Idempotent but
/// for that.
struct stop_child {
  std::string id;
};
using stop_child_answer = status;

/// From a child: it is ready (`measured::become_ready`).
struct child_initialised {
  std::string id;
  std::uint64_t incarnation = 0;
};

/// From the supervisor to itself: `restart_machine::wakes_at` has come.
struct wake_up {};

} // namespace present::supervision

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::supervision::description)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::supervision::describe_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::supervision::start_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::supervision::start_child_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::supervision::stop_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::supervision::stop_child_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::supervision::child_initialised)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::supervision::wake_up)

namespace present::supervision {

/// A supervisor. Besides these it answers `describe_request`, as every measured
/// actor does, and stops (children first, right to left) on an exit message.
using supervisor_handle
  = caf::typed_actor<caf::replies_to<start_child>::with<start_child_answer>,
                     caf::replies_to<stop_child>::with<stop_child_answer>,
                     caf::reacts_to<child_initialised>,
                     caf::reacts_to<wake_up>>;

} // namespace present::supervision
