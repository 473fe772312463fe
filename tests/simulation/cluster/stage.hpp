#pragma once

#include "runtime/supervision/actor_meter.hpp"
#include "tests/simulation/cluster/process.hpp"
#include "tests/simulation/seeded_random.hpp"

#include <caf/actor_clock.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/type_erased_tuple.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace present::simulation::cluster {

/// An actor of the simulated world.
struct player {
  caf::weak_actor_ptr actor;
  std::shared_ptr<process> owner;
  supervision::actor_identity identity;
  std::uint64_t number = 0;
  bool gone = false;
  /// It does nothing before that: its disk works, or its thread doesn't get to run.
  std::uint64_t busy_until = 0;
  bool has_hesitated = false; ///< before its next message
  std::optional<unsigned> throws_after; ///< readings of its clock
};

/// The actors of all processes, run in one thread under CAF's test coordinator: the
/// next message is that of an actor picked by chance, of all that could run.
///
/// Single-threaded. The order of anything follows from the seed and from the order
/// in which actors were made, never from an address.
class stage {
public:
  /// How long an actor takes before its next message is handled: zero for most.
  using hesitation
    = std::function<std::uint64_t(const player&, const caf::type_erased_tuple&)>;
  /// An actor has ended, for a reason of its own or of others.
  using obituary = std::function<void(const player&, const caf::error&)>;

  stage(caf::actor_system& system, timeline& time, seeded_random& random);
  /// All processes must have ended.
  ~stage();
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  void set_hesitation(hesitation how_long) { how_long_ = std::move(how_long); }
  using birth = std::function<void(const player&)>;
  void set_birth(birth tell) { born_ = std::move(tell); }
  void set_obituary(obituary tell) { tell_ = std::move(tell); }

  /// Each actor that is made, before it runs.
  void enter(std::shared_ptr<process> owner, const supervision::actor_identity& identity,
             const caf::strong_actor_ptr& actor);

  /// Handles one message. False: no actor may run at this time.
  bool run_one();

  /// Whose message is handled at this moment; null between two messages.
  const player* running() const { return running_.get(); }

  /// When an actor that has mail may run; empty: there is none.
  std::optional<std::uint64_t> next_ready() const;

  /// When the next message that somebody sent himself for later is due.
  std::optional<std::uint64_t> next_timeout() const;
  /// Puts those that are due by now into their mailboxes.
  void fire_timeouts();
  /// None of them will come: each held its actor until then.
  void drop_timeouts() { scheduler_.clock().cancel_all(); }

  /// Ends a process: its actors are gone at once, without a farewell to anybody.
  void end(process& who);

  /// The living actor under this path; null if there is none.
  player* find(const process& owner, const std::string& path);
  std::vector<player*> living(const process& owner);

  caf::actor_system& system() { return system_; }
  std::uint64_t exceptions_thrown() const { return thrown_; }
  std::uint64_t messages_handled() const { return handled_; }
  std::uint64_t trace() const { return trace_; }

  /// Actors that have ended and that somebody still holds: they would never be freed.
  std::vector<std::string> leaked() const;

private:
  player* player_of(const caf::resumable* job);
  bool may_run(player& who, const caf::resumable& job);
  void discard(std::size_t place);
  void run(std::size_t place, player* who);
  void sweep();

  caf::actor_system& system_;
  caf::scheduler::test_coordinator& scheduler_;
  timeline& time_;
  seeded_random& random_;
  const caf::actor_clock::time_point epoch_; ///< the scheduler's time at the beginning
  hesitation how_long_;
  obituary tell_;
  birth born_;
  std::map<std::uint64_t, std::shared_ptr<player>> players_; ///< by number
  std::unordered_map<const caf::resumable*, std::shared_ptr<player>> by_job_;
  std::vector<std::size_t> candidates_;
  std::shared_ptr<const player> running_;
  std::uint64_t entered_ = 0;
  std::uint64_t handled_ = 0;
  std::uint64_t thrown_ = 0;
  std::uint64_t trace_ = 0;
};

} // namespace present::simulation::cluster
