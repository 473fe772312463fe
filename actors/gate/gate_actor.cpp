#include "actors/gate/gate_actor.hpp"

#include "actors/system_names.hpp"
#include "runtime/supervision/starter.hpp"

namespace present {

namespace {

/// A session is never restarted: its connection ends with it, and the client
/// opens another.
supervision::child_spec session_spec(const open_session& what,
                                     std::shared_ptr<supervision::address_book> addresses) {
  supervision::child_spec spec;
  spec.id = std::to_string(what.connection);
  spec.kind = "session";
  spec.restart = supervision::restart_kind::temporary;
  spec.shutdown_ms = 1000;
  spec.start = [client = what.client, may_administer = what.may_administer, addresses = std::move(addresses),
                route = std::shared_ptr<session_route>(what.door)](supervision::starter& s) {
    return s.start<session_shell>(client, may_administer, addresses, route);
  };
  return spec;
}

} // namespace

gate_shell::gate_shell(caf::actor_config& config,
                       std::shared_ptr<supervision::address_book> addresses)
    : measured(config), addresses_(std::move(addresses)),
      sessions_(addresses_->address_of<supervision::supervisor_handle>(paths::sessions)) {
}

auto gate_shell::make_behavior() -> behavior_type {
  return {[this](open_session& what) { on_open(what); }};
}

void gate_shell::on_open(open_session& what) {
  const auto busy = make_error(error_code::overloaded, "the node's sessions restart");
  if (!sessions_.get()) {
    what.door->opened(busy);
    return;
  }
  request(sessions_.get(), caf::infinite,
          supervision::start_child{session_spec(what, addresses_)})
    .then(
      [door = what.door](supervision::start_child_answer& answer) {
        if (answer)
          door->opened(caf::actor_cast<session_actor>(std::move(*answer)));
        else
          door->opened(answer.problem());
      },
      [door = what.door, busy](const caf::error&) { door->opened(busy); });
}

} // namespace present
