// What the measured base costs: the same actor on CAF's own base and on ours.
// Not a test: `ninja -C build tests/runtime/supervision/measured_actor_bench`.
// Figures: runtime/supervision/README.md.

#include "runtime/supervision/address_book.hpp"
#include "runtime/supervision/measured_actor.hpp"

#include <benchmark/benchmark.h>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

using namespace present;
using namespace present::supervision;

namespace {

using counter_handle = caf::typed_actor<caf::reacts_to<int>>;

struct counter_state {
  long sum = 0;
};

template <class Self>
counter_handle::behavior_type counter(Self* self) {
  return {[self](int value) { self->state.sum += value; }};
}

using plain = caf::stateful_actor<counter_state, counter_handle::base>;
using ours = stateful<counter_state, counter_handle>;

struct one_thread : caf::actor_system_config {
  one_thread() { set("scheduler.policy", caf::atom("testing")); }
};

/// Sends a batch, then has the actor handle it: no threads, no waiting.
template <class Self>
void handle_messages(benchmark::State& state, std::uint64_t limit = 0) {
  one_thread config;
  caf::actor_system system{config};
  auto& scheduler
    = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  const auto actor = system.spawn(counter<Self>);
  if constexpr (std::is_same_v<Self, ours>)
    if (limit > 0)
      static_cast<ours*>(caf::actor_cast<caf::abstract_actor*>(actor))
        ->limit_mailbox(limit);
  const auto batch = state.range(0);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < batch; ++i)
      caf::anon_send(actor, 1);
    while (scheduler.try_run_once()) {
    }
  }
  state.SetItemsProcessed(state.iterations() * batch);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  scheduler.run();
}

void plain_actor(benchmark::State& state) {
  handle_messages<plain>(state);
}
void measured_actor_base(benchmark::State& state) {
  handle_messages<ours>(state);
}
void measured_with_limit(benchmark::State& state) {
  handle_messages<ours>(state, 1'000'000);
}

void read_clock(benchmark::State& state) {
  const edge::clock& clock = edge::machine_clock();
  for (auto _ : state)
    benchmark::DoNotOptimize(clock.monotonic_ns());
}

void read_wall_time(benchmark::State& state) {
  const edge::clock& clock = edge::machine_clock();
  for (auto _ : state)
    benchmark::DoNotOptimize(clock.wall_ms());
}

void get_address(benchmark::State& state) {
  one_thread config;
  caf::actor_system system{config};
  auto& scheduler
    = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  address_book book;
  const auto slot = book.slot("node/counter");
  const auto actor = system.spawn(counter<ours>);
  slot->publish(caf::actor_cast<caf::strong_actor_ptr>(actor));
  address<counter_handle> to{slot};
  for (auto _ : state)
    benchmark::DoNotOptimize(to.get());
  slot->clear();
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  scheduler.run();
}

BENCHMARK(plain_actor)->Arg(1)->Arg(100);
BENCHMARK(measured_actor_base)->Arg(1)->Arg(100);
BENCHMARK(measured_with_limit)->Arg(100);
BENCHMARK(read_clock);
BENCHMARK(read_wall_time);
BENCHMARK(get_address);

} // namespace

BENCHMARK_MAIN();
