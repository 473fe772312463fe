#include "tests/simulation/cluster/stage.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/local_actor.hpp>
#include <caf/scheduled_actor.hpp>

#include <algorithm>

namespace present::simulation::cluster {

namespace {

caf::local_actor* body_of(const caf::strong_actor_ptr& actor) {
  return static_cast<caf::local_actor*>(caf::actor_cast<caf::abstract_actor*>(actor));
}

} // namespace

stage::stage(caf::actor_system& system, timeline& time, seeded_random& random)
    : system_(system),
      scheduler_(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())),
      time_(time), random_(random), epoch_(scheduler_.clock().current_time) {
}

/// What is left would else be run by the scheduler when the actor system ends.
stage::~stage() {
  scheduler_.clock().cancel_all();
  while (!scheduler_.jobs.empty())
    discard(0);
}

void stage::enter(std::shared_ptr<process> owner, const supervision::actor_identity& identity,
                  const caf::strong_actor_ptr& actor) {
  if (entered_ % 256 == 255)
    sweep();
  auto who = std::make_shared<player>();
  who->actor = caf::actor_cast<caf::weak_actor_ptr>(actor);
  who->owner = std::move(owner);
  who->identity = identity;
  who->number = ++entered_;
  players_.emplace(who->number, who);
  by_job_[dynamic_cast<caf::resumable*>(caf::actor_cast<caf::abstract_actor*>(actor))] = who;
  if (born_)
    born_(*who);
  // Held by the actor, so this holds no actor.
  actor->get()->attach_functor([this, who](const caf::error& reason) {
    who->gone = true;
    fold(trace_, who->number << 8 | (reason ? reason.code() : 0));
    if (tell_)
      tell_(*who, reason);
  });
}

/// Forgets those that are gone and were freed.
void stage::sweep() {
  const auto is_over = [](const auto& row) {
    return row.second->gone && !row.second->actor.lock();
  };
  std::erase_if(by_job_, is_over);
  std::erase_if(players_, is_over);
}

// -- who is next -------------------------------------------------------------------

player* stage::player_of(const caf::resumable* job) {
  const auto found = by_job_.find(job);
  return found == by_job_.end() ? nullptr : found->second.get();
}

bool stage::may_run(player& who, const caf::resumable& job) {
  if (!who.has_hesitated && how_long_) {
    who.has_hesitated = true;
    auto& actor = const_cast<caf::scheduled_actor&>(
      dynamic_cast<const caf::scheduled_actor&>(job));
    if (auto* mail = actor.mailbox().peek()) {
      const auto wait = how_long_(who, mail->content());
      who.busy_until = std::max(who.busy_until, time_.now() + wait);
    }
  }
  return who.busy_until <= time_.now() && !who.owner->is_paused();
}

bool stage::run_one() {
  candidates_.clear();
  auto& jobs = scheduler_.jobs;
  for (std::size_t place = 0; place < jobs.size();) {
    auto* who = player_of(jobs[place]);
    if (who && !who->owner->is_alive()) {
      discard(place);
      continue;
    }
    if (!who || may_run(*who, *jobs[place]))
      candidates_.push_back(place);
    ++place;
  }
  if (candidates_.empty())
    return false;
  const auto place = candidates_[random_.below(candidates_.size())];
  run(place, player_of(jobs[place]));
  return true;
}

/// Of a process that has ended: its last message is never handled.
void stage::discard(std::size_t place) {
  auto* job = scheduler_.jobs[place];
  scheduler_.jobs.erase(scheduler_.jobs.begin() + static_cast<std::ptrdiff_t>(place));
  intrusive_ptr_release(job);
}

void stage::run(std::size_t place, player* who) {
  auto& jobs = scheduler_.jobs;
  const auto chosen = jobs.begin() + static_cast<std::ptrdiff_t>(place);
  std::rotate(jobs.begin(), chosen, chosen + 1);
  ++handled_;
  fold(trace_, who ? who->number : 0);
  if (!who) {
    scheduler_.try_run_once();
    return;
  }
  const auto kept = players_.at(who->number);
  kept->has_hesitated = false;
  auto& clock = kept->owner->clock();
  clock.throw_after(kept->throws_after);
  running_ = kept;
  scheduler_.try_run_once();
  running_ = nullptr;
  if (kept->throws_after && !clock.is_about_to_throw()) {
    kept->throws_after.reset();
    ++thrown_;
  }
  clock.throw_after(std::nullopt);
  if (kept->owner->take_death_at_door())
    end(*kept->owner);
}

std::optional<std::uint64_t> stage::next_ready() const {
  std::optional<std::uint64_t> soonest;
  for (const auto* job : scheduler_.jobs) {
    const auto found = by_job_.find(job);
    const auto ready = found == by_job_.end()
                         ? time_.now()
                         : std::max(found->second->busy_until,
                                    found->second->owner->paused_until());
    soonest = soonest ? std::min(*soonest, ready) : ready;
  }
  return soonest;
}

std::optional<std::uint64_t> stage::next_timeout() const {
  const auto& schedule = scheduler_.clock().schedule();
  if (schedule.empty())
    return std::nullopt;
  return static_cast<std::uint64_t>((schedule.begin()->first - epoch_).count());
}

void stage::fire_timeouts() {
  auto& clock = scheduler_.clock();
  clock.current_time = epoch_ + std::chrono::nanoseconds(time_.now());
  clock.trigger_expired_timeouts();
}

// -- who there is ------------------------------------------------------------------

/// All mailboxes are closed before anybody lets go of anything, so that whatever is
/// still said on the way out reaches nobody.
void stage::end(process& who) {
  who.end();
  std::vector<caf::strong_actor_ptr> dying;
  for (const auto& [number, one] : players_)
    if (one->owner.get() == &who && !one->gone)
      if (auto actor = caf::actor_cast<caf::strong_actor_ptr>(one->actor))
        dying.push_back(std::move(actor));
  for (const auto& actor : dying)
    body_of(actor)->cleanup(caf::exit_reason::kill, nullptr);
  for (const auto& actor : dying) {
    body_of(actor)->context(nullptr); // the last one is over
    body_of(actor)->on_exit();
  }
}

player* stage::find(const process& owner, const std::string& path) {
  for (const auto& [number, one] : players_)
    if (!one->gone && one->owner.get() == &owner && one->identity.path == path)
      return one.get();
  return nullptr;
}

std::vector<player*> stage::living(const process& owner) {
  std::vector<player*> all;
  for (const auto& [number, one] : players_)
    if (!one->gone && one->owner.get() == &owner)
      all.push_back(one.get());
  return all;
}

std::vector<std::string> stage::leaked() const {
  std::vector<std::string> names;
  for (const auto& [number, one] : players_)
    if (one->gone && caf::actor_cast<caf::strong_actor_ptr>(one->actor))
      names.push_back(std::to_string(one->owner->host()) + "/" + one->identity.path);
  return names;
}

} // namespace present::simulation::cluster
