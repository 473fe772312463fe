#include "actors/client/watcher.hpp"

#include <utility>

namespace present::client {

namespace {

/// The client answers at the deadline; the margin is for its being busy.
constexpr std::uint32_t client_margin_ms = 5'000;

outcome_of_call no_answer(const caf::error& why) {
  outcome_of_call how;
  how.problem = make_error(error_code::no_quorum, "the client did not answer: " + to_string(why));
  return how;
}

} // namespace

watcher_shell::watcher_shell(caf::actor_config& config, const watch_stream::settings& options,
                             client_actor client, watch_listener listener)
    : measured(config), machine_(options), client_(std::move(client)),
      listener_(std::move(listener)) {
}

void watcher_shell::on_exit() {
  client_ = nullptr;
  listener_ = nullptr;
}

auto watcher_shell::make_behavior() -> behavior_type {
  monitor(listener_);
  set_down_handler([this](caf::scheduled_actor*, caf::down_msg&) { quit(); });
  step(watch_stream::begun{});
  return {
    [this](const watch_taken& what) { step(watch_stream::taken{what.partition}); },
    [this](watcher_wake) {
      timer_.on_wake();
      step(watch_stream::time_passed{});
    },
  };
}

void watcher_shell::step(watch_stream::event_kind what) {
  watch_stream::effects out;
  machine_.step({time().monotonic_ms(), std::move(what)}, out);
  for (auto& effect : out)
    std::visit([this](auto& e) { perform(e); }, effect);
  timer_.arm(*this, time(), machine_.next_wake());
  if (machine_.has_ended())
    quit();
}

void watcher_shell::perform(const watch_stream::ask_map&) {
  request(client_, caf::infinite, timed_call{map_call{}})
    .then(
      [this](outcome_of_call& how) {
        if (how.map)
          step(watch_stream::map_known{std::move(how.map)});
        else
          step(watch_stream::map_failed{std::move(how.problem)});
      },
      [this](const caf::error& why) { step(watch_stream::map_failed{no_answer(why).problem}); });
}

void watcher_shell::perform(watch_stream::ask_partition& what) {
  const auto partition = what.what.partition;
  const auto patience = std::chrono::milliseconds(what.deadline_ms + client_margin_ms);
  request(client_, patience, timed_call{std::move(what.what), what.deadline_ms})
    .then(
      [this, partition](outcome_of_call& how) {
        step(watch_stream::answered{partition, std::move(how)});
      },
      [this, partition](const caf::error& why) {
        step(watch_stream::answered{partition, no_answer(why)});
      });
}

void watcher_shell::perform(watch_stream::deliver& what) {
  send(listener_, watch_delivery{what.partition, std::move(what.events)});
}

} // namespace present::client
