#include "actors/session/session_actor.hpp"

#include "actors/system_names.hpp"

namespace present {

session_shell::session_shell(caf::actor_config& config, std::string client,
                             bool may_administer,
                             const std::shared_ptr<supervision::address_book>& addresses,
                             std::shared_ptr<session_route> route)
    : measured(config), client_(std::move(client)), route_(std::move(route)),
      machine_(may_administer),
      router_(addresses->address_of<router_actor>(paths::router)), partitions_(addresses) {
}

void session_shell::on_exit() {
  spans_.clear();
  partitions_.clear();
  router_ = {};
  route_->ended();
  route_.reset();
}

auto session_shell::make_behavior() -> behavior_type {
  set_down_handler([this](const caf::down_msg& down) {
    const auto found = watched_.find(down.source);
    if (found == watched_.end())
      return;
    const auto partition = found->second;
    watched_.erase(found);
    step(session::partition_lost{partition});
  });
  describe_with([this] {
    return supervision::details{
      {"client", client_},
      {"operations", std::to_string(machine_.operations_under_way())}};
  });
  return {
    [this](session_call& call) { on_call(call); },
    [this](const session_map_call& call) {
      const auto number = call.number;
      if (!router_.get()) {
        route_->reply_map(number, make_error(error_code::overloaded, "the router restarts"));
        return;
      }
      request(router_.get(), caf::infinite, ask_map{})
        .then([this, number](cluster_map_ptr& map) { route_->reply_map(number, std::move(map)); },
              [this, number](const caf::error&) {
                route_->reply_map(number, make_error(error_code::overloaded, "the router restarts"));
              });
    },
    [this](session_closed) { quit(); },
    [this](partition_response& what) {
      step(session::responded{what.tag, std::move(what.what)});
    },
  };
}

/// Nobody but us decides what is sampled of what comes without a wish.
void session_shell::on_call(session_call& call) {
  if (tracer()) {
    const auto parent = observe::parse_traceparent(call.what->traceparent);
    auto span = tracer()->start_at_door("session", parent.value_or(observe::trace_context{}));
    if (span.is_recorded()) {
      span.set("client", client_);
      spans_.emplace(call.number, std::move(span));
    }
  }
  step(session::called{call.number, std::move(call.what)});
}

void session_shell::step(const session::event& input) {
  session::effects out;
  machine_.step(input, out);
  for (const auto& effect : out)
    std::visit([this](const auto& e) { perform(e); }, effect);
}

void session_shell::perform(const session::forward& what) {
  const auto partition = what.what->partition;
  const auto& to = partitions_.of(partition);
  if (!to) {
    step(session::partition_lost{partition});
    return;
  }
  if (watched_.emplace(to.address(), partition).second)
    monitor(to);
  observe::trace_context trace;
  if (!spans_.empty())
    if (const auto span = spans_.find(what.number); span != spans_.end())
      trace = span->second.context();
  send(to, partition_request{what.number, what.what, caf::actor_cast<response_listener>(this),
                             trace});
}

void session_shell::perform(const session::reply& what) {
  route_->reply(what.number, what.what);
  if (!spans_.empty())
    if (const auto span = spans_.find(what.number); span != spans_.end()) {
      span->second.fail(what.what->failure.code);
      spans_.erase(span);
    }
}

} // namespace present
