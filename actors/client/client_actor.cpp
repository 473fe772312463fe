#include "actors/client/client_actor.hpp"

#include "runtime/base/check.hpp"

#include <utility>

namespace present::client {

client_shell::client_shell(caf::actor_config& config, const settings& options,
                           std::shared_ptr<client_route> route)
    : measured(config), machine_(options), route_(std::move(route)) {
}

void client_shell::on_exit() {
  route_.reset();
  for (auto& [id, caller] : std::exchange(callers_, {}))
    caller.deliver(caf::make_error(caf::sec::request_receiver_down));
}

auto client_shell::make_behavior() -> behavior_type {
  return {
    [this](get_call& what) { return begin(std::move(what), 0); },
    [this](scan_call& what) { return begin(std::move(what), 0); },
    [this](put_call& what) { return begin(std::move(what), 0); },
    [this](remove_call& what) { return begin(std::move(what), 0); },
    [this](create_space& what) { return begin(std::move(what), 0); },
    [this](drop_space& what) { return begin(std::move(what), 0); },
    [this](timed_call& what) { return begin(std::move(what.what), what.deadline_ms); },
    [this](attempt_answered& what) { step(std::move(what.what)); },
    [this](attempt_failed& what) { step(what.what); },
    [this](map_fetched& what) {
      if (what.map)
        step(map_arrived{what.from, std::move(what.map)});
      else
        step(map_failed{what.from});
    },
    [this](client_wake) {
      armed_for_.reset();
      step(time_passed{});
    },
  };
}

auto client_shell::begin(call_kind what, std::uint32_t deadline_ms) -> promise {
  const auto id = ++last_call_;
  auto answer = make_response_promise<promise>();
  callers_.emplace(id, answer);
  step(called{id, std::move(what), deadline_ms});
  return answer;
}

void client_shell::step(event_kind what) {
  effects out;
  machine_.step({time().monotonic_ms(), time().wall_ms(), std::move(what)}, out);
  for (auto& effect : out)
    std::visit([this](auto& e) { perform(e); }, effect);
  arm_timer();
}

/// One that comes too early is harmless, so a later wish never cancels it.
void client_shell::arm_timer() {
  const auto wanted = machine_.next_wake();
  if (!wanted || (armed_for_ && *armed_for_ <= *wanted))
    return;
  armed_for_ = wanted;
  const auto now = time().monotonic_ms();
  delayed_send(this, std::chrono::milliseconds(*wanted > now ? *wanted - now : 0),
               client_wake{});
}

void client_shell::perform(const send_attempt& what) {
  route_->send(what, caf::actor_cast<client_actor>(this));
}

void client_shell::perform(const fetch_map& what) {
  route_->fetch_map(what.from, caf::actor_cast<client_actor>(this));
}

void client_shell::perform(complete& what) {
  const auto found = callers_.find(what.id);
  check(found != callers_.end(), "I1: a call is completed twice");
  found->second.deliver(std::move(what.how));
  callers_.erase(found);
}

} // namespace present::client
