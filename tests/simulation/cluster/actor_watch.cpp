#include "tests/simulation/cluster/actor_watch.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace present::simulation::cluster {

namespace {

/// What an actor may say when it crashes, each of them by design.
constexpr std::array<std::string_view, 9> designed_ends{
  "an exception out of nowhere",
  "the journal can't be trusted any more",     // rule 12
  "the replica is rebuilt from what its disk", // rule 12
  "the journal is not running",                // restarts overtake each other
  "the checkpointer is not running",
  "the checkpointer went while a snapshot was installed",
  "request_receiver_down",                     // the journal went while it was asked
  "more than",                                 // a supervisor's budget is spent
  "kill",
};

/// Restarts that a supervisor may grant within its period, and one start before it;
/// twice that, since starts may be held up and then come together.
constexpr std::size_t most_starts = 2 * (3 + 1);
constexpr std::uint64_t period = 5'000 * ms;
/// How long what was done to a node may show.
constexpr std::uint64_t excuse_lasts = 60'000 * ms;

} // namespace

void actor_watch::on_made(const player& who) {
  const auto& kind = who.identity.kind;
  if (kind == "session" || kind == "client" || kind == "lock")
    return;
  // A supervisor that starts anew has a budget of its own.
  std::erase_if(starts_, [&](const auto& row) {
    return row.first.first == who.owner.get()
           && row.first.second.starts_with(who.identity.path + "/");
  });
  auto& starts = starts_[{who.owner.get(), who.identity.path}];
  starts.push_back(time_.now());
  while (starts.front() + period < time_.now())
    starts.pop_front();
  oracle_.expect(starts.size() <= most_starts, "supervision",
                 who.identity.path + " of " + std::to_string(who.owner->host())
                   + " was started " + std::to_string(starts.size()) + " times in 5 s");
}

void actor_watch::on_end(const player& who, const std::string& reason) {
  if (reason.empty() || !who.owner->is_alive())
    return;
  const bool designed
    = std::any_of(designed_ends.begin(), designed_ends.end(), [&](std::string_view known) {
        return reason.find(known) != std::string::npos;
      });
  oracle_.expect(designed, "crash", who.identity.path + " of "
                                      + std::to_string(who.owner->host()) + ": " + reason);
}

void actor_watch::on_gave_up(host_id host, const std::string& why) {
  const auto excused = excused_.find(host);
  oracle_.expect(excused != excused_.end() && excused->second + excuse_lasts > time_.now(),
                 "supervision", "node " + std::to_string(host)
                                  + " gave up though nothing was done to it: " + why);
}

} // namespace present::simulation::cluster
