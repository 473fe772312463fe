#include "actors/client/watch_reader.hpp"

#include "runtime/edge/clock.hpp"

#include <utility>

namespace present {

watch_reader::watch_reader(caf::actor_system& system, const spawn_function& spawn)
    : self_(system), watcher_(spawn(caf::actor_cast<client::watch_listener>(self_))) {
}

watch_reader::~watch_reader() {
  caf::anon_send_exit(watcher_, caf::exit_reason::user_shutdown);
}

result<client::watch_event> watch_reader::next(std::chrono::milliseconds patience) {
  if (is_over_)
    return make_error(error_code::invalid, "the watch has ended");
  const auto& clock = edge::machine_clock();
  const auto until = clock.monotonic_ms() + static_cast<time_ms>(patience.count());
  while (events_.empty()) {
    const auto now = clock.monotonic_ms();
    if (!receive(std::chrono::milliseconds(until > now ? until - now : 0))) {
      auto late = make_error(error_code::deadline, "nothing has changed in time");
      late.known = outcome::not_applied;
      return late;
    }
  }
  auto first = std::move(events_.front());
  events_.pop_front();
  if (events_.empty())
    caf::anon_send(watcher_, client::watch_taken{from_});
  is_over_ = first.is == client::watch_event::kind::ended;
  return first;
}

bool watch_reader::receive(std::chrono::milliseconds patience) {
  bool has_come = false;
  self_->receive(
    [&](client::watch_delivery& what) {
      from_ = what.partition;
      events_.assign(std::make_move_iterator(what.events.begin()),
                     std::make_move_iterator(what.events.end()));
      has_come = true;
    },
    caf::after(patience) >> [] {});
  return has_come;
}

} // namespace present
