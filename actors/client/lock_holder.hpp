#pragma once

#include "actors/client/client_contract.hpp"
#include "actors/client/lock_machine.hpp"
#include "runtime/edge/clock.hpp"
#include "runtime/supervision/measured_actor.hpp"
#include "runtime/supervision/wake_timer.hpp"

#include <map>
#include <optional>
#include <vector>

/// A lock as a typed actor: it asks for it, keeps it alive while it has it, and tells
/// whoever watches when it has it no more. One try; a new one takes a new actor.
namespace present::client {

/// The first one begins. Answered when the lock is held, or can't be; or after
/// `patience_ms`: it is still waited for, and this may be asked again.
struct acquire_request {
  std::uint32_t patience_ms = ~std::uint32_t{0};
};
struct lock_answer {
  hlc_stamp token; ///< 0, without a problem: it is still waited for
  error problem;
};
/// Answered when the lock is held no more: `problem` says why, or `ok` if it was
/// released. Or after `patience_ms`: it is held, or still asked for.
struct watch_request {
  std::uint32_t patience_ms = 0;
};
struct end_of_lock {
  bool is_over = true;
  error problem;
};
/// Answered when it is released, as far as that can be told, or was lost or refused, and
/// nothing of it is under way any more.
struct release_request {};
struct lock_wake {};

using lock_actor
  = caf::typed_actor<caf::replies_to<acquire_request>::with<lock_answer>,
                     caf::replies_to<watch_request>::with<end_of_lock>,
                     caf::replies_to<release_request>::with<end_of_lock>,
                     caf::reacts_to<lock_wake>>;

class lock_holder_shell final : public supervision::measured_actor<lock_actor> {
public:
  lock_holder_shell(caf::actor_config& config, lock_wish wish, client_actor client)
      : measured(config), machine_(std::move(wish)), client_(std::move(client)) {}

  void on_exit() override;

protected:
  behavior_type make_behavior() override;

private:
  using end_promise = caf::typed_response_promise<end_of_lock>;

  void step(lock_event_kind what);
  void perform(ask_call& what);
  void perform(const lock_granted& what);
  void perform(const lock_refused& what);
  void perform(const lock_lost& what);
  void perform(const lock_ended& what);
  void answer_patient(time_ms now);
  void answer_askers(const lock_answer& with);
  lock_answer answer_of_end() const;
  void end(const error& why);

  lock_machine machine_;
  client_actor client_;
  // by the end of their patience
  std::multimap<time_ms, caf::typed_response_promise<lock_answer>> askers_;
  std::multimap<time_ms, end_promise> watchers_;
  std::vector<end_promise> leavers_; ///< who gave it back
  std::optional<error> ended_;       ///< how
  bool begun_ = false;
  supervision::wake_timer<lock_wake> timer_;
};

} // namespace present::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::acquire_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::lock_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::watch_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::end_of_lock)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::release_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(present::client::lock_wake)
