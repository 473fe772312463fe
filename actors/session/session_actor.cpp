#include "actors/session/session_actor.hpp"

#include "actors/system_names.hpp"

namespace present {

session_shell::session_shell(caf::actor_config& config, std::string client,
                             bool may_administer,
                             std::shared_ptr<supervision::address_book> addresses,
                             std::shared_ptr<session_route> route)
    : measured(config), client_(std::move(client)), addresses_(std::move(addresses)),
      route_(std::move(route)), machine_(may_administer),
      router_(addresses_->address_of<router_actor>(paths::router)) {
}

void session_shell::on_exit() {
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
    [this](session_call& call) { step(session::called{call.number, std::move(call.what)}); },
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

void session_shell::step(const session::event& input) {
  session::effects out;
  machine_.step(input, out);
  for (const auto& effect : out)
    std::visit([this](const auto& e) { perform(e); }, effect);
}

void session_shell::perform(const session::forward& what) {
  const auto partition = what.what->partition;
  auto known = partitions_.find(partition);
  if (known == partitions_.end())
    known = partitions_
              .emplace(partition, addresses_->address_of<partition_actor>(
                                    paths::partition(partition)))
              .first;
  const auto& to = known->second.get();
  if (!to) {
    step(session::partition_lost{partition});
    return;
  }
  if (watched_.emplace(to.address(), partition).second)
    monitor(to);
  send(to, partition_request{what.number, what.what, caf::actor_cast<response_listener>(this)});
}

void session_shell::perform(const session::reply& what) {
  route_->reply(what.number, what.what);
}

} // namespace present
