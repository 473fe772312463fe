#include "tests/simulation/cluster/workload.hpp"
#include "tests/simulation/cluster/workload_driver.hpp"

#include <algorithm>

/// What clients do in transactions, and about the lock under which some of them are.
namespace present::simulation::cluster {

namespace {

constexpr std::size_t lists = 0, fenced = 1, ruled = 2; ///< in the order of `sources_`

} // namespace

/// When all is calm: until each client has had some, with the others in between.
bool workload::is_transactions_turn(const slot& who) {
  if (calm_)
    return who.calm_transactions < std::min(who.calm_reads, who.calm_writes);
  return world_.random.chance(350);
}

void workload::begin_transaction(std::size_t who, std::uint64_t life) {
  auto& slot = slots_[who];
  const auto pick = world_.random.below(1000);
  const auto source = pick < 500 ? lists : pick < 750 ? fenced : ruled;
  if (source == fenced && slot.host)
    think_of_lock(slot);
  const auto patience = calm_ ? calm_patience_ms : world_.random.between(50, patience_ms);
  ask_transaction(who, sources_[source]->begin(slot.number, world_.time.now()),
                  {source, static_cast<std::uint32_t>(patience), life});
}

void workload::ask_transaction(std::size_t who, transaction_source::asked what,
                               transaction_turn of) {
  auto& slot = slots_[who];
  const auto whom = slot.find();
  const auto id = what.id;
  if (!whom) {
    sources_[of.source]->lost(id);
    return go_on(who, of.life);
  }
  slot.open_transactions.insert({of.source, id});
  client::timed_call call{std::move(what.what), of.deadline_ms};
  driver_->self->request(whom, caf::infinite, std::move(call))
    .then(
      [this, who, id, of](const client::outcome_of_call& how) {
        if (slots_[who].open_transactions.erase({of.source, id}) != 0) // else: of a dead client
          on_transaction_answer(who, id, of, how);
      },
      [this, who, id, of](const caf::error&) {
        if (slots_[who].open_transactions.erase({of.source, id}) == 0)
          return;
        sources_[of.source]->lost(id);
        go_on(who, of.life);
      });
}

void workload::on_transaction_answer(std::size_t who, transaction_source::ticket id,
                                     transaction_turn of,
                                     const client::outcome_of_call& how) {
  auto& slot = slots_[who];
  if (auto next = sources_[of.source]->answered(id, how, world_.time.now()))
    return ask_transaction(who, {id, std::move(*next)}, of);
  if (how.problem.code != error_code::ok)
    slot.last_problem = std::string{traits_of(how.problem.code).name} + ": "
                        + how.problem.message;
  else if (calm_)
    ++slot.calm_transactions;
  go_on(who, of.life);
}

void workload::look_at_all() {
  drive_caller([this] {
    for (std::size_t source = 0; source < sources; ++source)
      for (std::size_t who = 0; who < slots_.size(); ++who)
        ask_transaction(who, sources_[source]->look(slots_[who].number, world_.time.now()),
                        {source, calm_patience_ms, slots_[who].lives});
  });
}

auto workload::commits_by_source() const -> by_source {
  by_source counts{};
  std::transform(sources_.begin(), sources_.end(), counts.begin(),
                 [](const auto* source) { return source->committed(); });
  return counts;
}

auto workload::refusals_by_source() const -> by_source {
  by_source counts{};
  std::transform(sources_.begin(), sources_.end(), counts.begin(),
                 [](const auto* source) { return source->refused(); });
  return counts;
}

void workload::judge_transactions() const {
  for (const auto* source : sources_)
    source->judge();
}

// -- the lock ------------------------------------------------------------------------

/// Whatever comes of that, its turn goes on: with or without the lock.
void workload::think_of_lock(slot& who) {
  const auto pick = world_.random.below(1000);
  if (who.lock == slot::wish::none && pick < 500) {
    want_lock(who);
  } else if (who.lock == slot::wish::granted && pick < 100) {
    driver_->self
      ->request(who.host->lock_of(who.place), caf::infinite, client::release_request{})
      .then([](const client::end_of_lock&) {}, [](const caf::error&) {});
  } else if (who.lock == slot::wish::granted && pick < 200) { // its program forgets it
    who.host->drop_lock(who.place);
    who.lock = slot::wish::none;
  }
}

void workload::want_lock(slot& who) {
  if (!who.host->life()->is_alive())
    return;
  const auto wish = fenced_.wish();
  const auto lock = who.host->want_lock(who.place, wish);
  who.lock = slot::wish::open;
  driver_->self->request(lock, caf::infinite, client::acquire_request{})
    .then(
      [this, &who, wish, lock](const client::lock_answer& how) {
        if (!is_still(who, lock))
          return;
        who.lock = slot::wish::none;
        if (how.token == hlc_stamp{})
          return;
        who.lock = slot::wish::granted;
        fenced_.granted(who.number, wish, how.token);
        watch_lock(who, lock);
      },
      [](const caf::error&) {});
}

/// Until it is lost or given back.
void workload::watch_lock(slot& who, const client::lock_actor& lock) {
  driver_->self->request(lock, caf::infinite, client::watch_request{~std::uint32_t{0}})
    .then(
      [this, &who, lock](const client::end_of_lock&) {
        if (is_still(who, lock))
          who.lock = slot::wish::none;
      },
      [](const caf::error&) {});
}

/// Its program hasn't died or forgotten it since.
bool workload::is_still(const slot& who, const client::lock_actor& lock) const {
  return who.host->life()->is_alive() && who.host->lock_of(who.place) == lock;
}

} // namespace present::simulation::cluster
