#include "tests/simulation/oracle_violation.hpp"
#include "tests/simulation/world.hpp"

#include "actors/raft/quorum.hpp"

#include <exception>
#include <string>
#include <utility>

/// The order of things in a run: faults and clients for some seconds, then peace,
/// in which the group has to recover without being helped by a write.
namespace present::simulation {

namespace {

constexpr std::uint64_t ms = 1000;
constexpr std::uint64_t recovery_us = 15'000 * ms;
constexpr std::uint64_t clients = 4;

std::uint32_t spares_of(std::uint32_t voters) { return voters < 5 ? 2 : 1; }

} // namespace

world::world(const run_options& options)
  : options_(options),
    random_(options.seed),
    oracles_(
      [this](node_id id, log_index index, term at_term) {
        const auto& node = node_at(id);
        return node.journal.base.index >= index || node.saved.mark.index >= index
               || node.journal.term_at(index) == at_term;
      },
      clients_) {
  raft::configuration bootstrap;
  for (std::uint32_t number = 1; number <= options.voters; ++number)
    bootstrap.voters.push_back(node_id{number});
  const auto count = options.voters + spares_of(options.voters);
  for (std::uint32_t number = 1; number <= count; ++number) {
    simulated_node node;
    node.id = node_id{number};
    if (number <= options.voters) // the others wait to be invited
      node.journal.base.members = bootstrap;
    node.saved.mark.members = node.journal.base.members;
    node.clock_ns = random_.below(1'000'000'000);
    node.checkpoint_every = random_.between(10, 200);
    nodes_.push_back(std::move(node));
  }
  result_.plan = options.plan
                   ? *options.plan
                   : plan_of(options.seed, options.voters, options.faults_until_ms,
                             options.focus);
}

void world::at(std::uint64_t time_us, std::function<void()> what) {
  queue_.push({std::max(time_us, now_us_), order_++, std::move(what)});
}

void world::run_until(std::uint64_t time_us, const std::function<bool()>& done) {
  while (!queue_.empty() && queue_.top().at_us <= time_us) {
    if (done && done())
      return;
    now_us_ = queue_.top().at_us;
    const auto what = std::move(const_cast<occurrence&>(queue_.top()).what);
    queue_.pop();
    what();
  }
  now_us_ = std::max(now_us_, time_us);
}

run_result world::run() {
#ifdef PRESENT_MUTANTS
  raft::active_mutant = options_.defect;
#endif
  try {
    play();
    check_recovery();
  } catch (const oracle_violation& found) {
    result_.oracle = found.oracle();
    result_.what = found.what();
  } catch (const std::exception& found) {
    result_.oracle = "machine";
    result_.what = found.what();
  }
  result_.violated_at_ms = result_.oracle.empty() ? 0 : now_us_ / ms;
  result_.simulated_ms = now_us_ / ms;
  result_.writes = clients_.writes_acknowledged();
  result_.reads = clients_.reads_answered();
  result_.elections = oracles_.elections();
  return result_;
}

void world::play() {
  for (auto& node : nodes_)
    start(node);
  for (const auto& item : result_.plan)
    at(item.at_ms * ms, [this, item] { begin_fault(item); });
  for (std::uint64_t client = 0; client < clients; ++client)
    at((100 + client) * ms, [this, client] { client_turn(client); });
  run_until(options_.faults_until_ms * ms, {});
}

simulated_node* world::current_leader() {
  simulated_node* found = nullptr;
  for (auto& node : nodes_)
    if (node.up && node.machine->role() == raft::role_kind::leader
        && (!found
            || node.machine->current_term() > found->machine->current_term()))
      found = &node;
  return found;
}

/// All faults end with a loss of power everywhere. A new leader then has to
/// answer a read without any new write, take a write, and bring every member of
/// its configuration to the same state.
void world::check_recovery() {
  end_all_faults();
  std::function<void(bool)> repeat = [&](bool is_write) {
    if (const auto* leading = current_leader())
      ask(is_write, leading->id);
    at(now_us_ + 100 * ms, [&, is_write] { repeat(is_write); });
  };
  const auto reads = clients_.reads_answered();
  at(now_us_ + 100 * ms, [&] { repeat(false); });
  run_until(now_us_ + recovery_us,
            [&] { return clients_.reads_answered() > reads; });
  expect(clients_.reads_answered() > reads, "recovery",
         "no read is answered after all faults ended");
  const auto writes = clients_.writes_acknowledged();
  at(now_us_, [&] { repeat(true); });
  run_until(now_us_ + recovery_us,
            [&] { return clients_.writes_acknowledged() > writes; });
  expect(clients_.writes_acknowledged() > writes, "recovery",
         "no write is acknowledged after all faults ended");
  repeat = [](bool) {};
  const auto settled = [&] {
    const auto* leading = current_leader();
    if (!leading || leading->machine->members().is_joint())
      return false;
    const auto& machine = *leading->machine;
    if (machine.commit() != machine.log().last())
      return false;
    for (const auto id : raft::quorum::everyone(machine.members())) {
      const auto& node = node_at(id);
      if (node.applied != machine.commit()
          || node.state.digest != leading->state.digest)
        return false;
    }
    return true;
  };
  run_until(now_us_ + recovery_us, settled);
  expect(settled(), "recovery", "the members don't come to the same state");
}

run_result run(const run_options& options) { return world{options}.run(); }

} // namespace present::simulation
