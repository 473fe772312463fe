#include "tests/simulation/cluster/session_door.hpp"

#include <caf/send.hpp>

namespace present::simulation::cluster {

void simulated_door::opened(result<session_actor> session) {
  if (!node_->opens_door())
    return;
  oracle_.expect(opening_ || over_, "session", "a session was opened twice");
  if (session)
    session_ = *session;
  if (over_) {
    if (session_)
      caf::anon_send(session_, session_closed{});
    return;
  }
  if (const auto tell = std::exchange(opening_, nullptr))
    tell(std::move(session));
}

/// The contract: one answer to each call. A second one is a defect of the session.
void simulated_door::reply(std::uint64_t number, std::shared_ptr<const response> what) {
  if (!node_->opens_door() || over_)
    return;
  const auto found = calls_.find(number);
  if (found == calls_.end()) {
    oracle_.expect(false, "session", "an answer to a call that has none coming");
    return;
  }
  const auto take = std::move(found->second);
  calls_.erase(found);
  take(std::move(what));
}

void simulated_door::reply_map(std::uint64_t number, result<cluster_map_ptr> map) {
  if (!node_->opens_door() || over_)
    return;
  const auto found = map_calls_.find(number);
  if (found == map_calls_.end()) {
    oracle_.expect(false, "session", "a map for nobody");
    return;
  }
  const auto take = std::move(found->second);
  map_calls_.erase(found);
  take(std::move(map));
}

void simulated_door::ended() {
  if (!node_->opens_door())
    return;
  over_ = true;
  session_ = nullptr;
  calls_.clear();
  map_calls_.clear();
  link_->close(connection::way::back);
}

void simulated_door::call(std::shared_ptr<const request> what, answer_taker take) {
  if (over_ || !session_)
    return;
  const auto number = ++last_number_;
  calls_.emplace(number, std::move(take));
  caf::anon_send(session_, session_call{number, std::move(what)});
}

void simulated_door::ask_for_map(map_taker take) {
  if (over_ || !session_)
    return;
  const auto number = ++last_number_;
  map_calls_.emplace(number, std::move(take));
  caf::anon_send(session_, session_map_call{number});
}

void simulated_door::close() {
  if (std::exchange(over_, true))
    return;
  opening_ = nullptr;
  calls_.clear();
  map_calls_.clear();
  if (session_)
    caf::anon_send(std::exchange(session_, nullptr), session_closed{});
}

} // namespace present::simulation::cluster
