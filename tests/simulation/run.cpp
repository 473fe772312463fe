#include "tests/simulation/describe.hpp"
#include "tests/simulation/describe_replica.hpp"
#include "tests/simulation/oracle_violation.hpp"
#include "tests/simulation/world.hpp"

#include "actors/raft/quorum.hpp"

#include <exception>
#include <ostream>
#include <string>
#include <utility>

/// The order of things in a run: faults and clients for some seconds, then peace,
/// in which the group has to recover without being helped by a write.
namespace present::simulation {

namespace {

constexpr std::uint64_t ms = 1000;
constexpr std::uint64_t recovery_us = 15'000 * ms;
constexpr std::uint32_t clients = 4;

std::uint32_t spares_of(std::uint32_t voters) { return voters < 5 ? 2 : 1; }

store_id first_store_of(node_id node) { return {100 + node.value}; }

std::vector<client_id> client_ids() {
  std::vector<client_id> ids;
  for (std::uint32_t number = 0; number <= clients; ++number)
    ids.push_back({1000 + number});
  return ids;
}

/// Spaces, whole, in the partition that is simulated.
cluster_map_ptr map_of(std::uint32_t nodes, const raft::configuration& founders) {
  auto map = std::make_shared<cluster_map>();
  map->epoch = {1};
  map->spaces[simulated_client::space_name] = simulated_client::space;
  map->spaces[simulated_client::last_space_name] = simulated_client::last_space;
  map->spaces[simulated_client::joined_space_name] = simulated_client::joined_space;
  map->ranges = {{simulated_client::space, "", simulated_node::partition},
                 {simulated_client::last_space, "", simulated_node::partition},
                 {simulated_client::joined_space, "", simulated_node::partition}};
  map->settings[simulated_client::last_space].conflicts.how
    = storage::conflict_strategy::last_writer_wins;
  map->settings[simulated_client::joined_space].conflicts
    = {storage::conflict_strategy::merge, "crdt", {}};
  for (std::uint32_t number = 1; number <= nodes; ++number)
    map->nodes.push_back({node_id{number}, first_store_of({number})});
  map->partitions = {{simulated_node::partition, founders.stores, founders.voters,
                      founders.voters, {}}};
  return map;
}

#ifdef PRESENT_MUTANTS
void switch_on(const any_mutant& defect) {
  active_mutant<raft::mutant> = raft::mutant::none;
  active_mutant<partition::mutant> = partition::mutant::none;
  active_mutant<client::mutant> = client::mutant::none;
  if (const auto* in_raft = std::get_if<raft::mutant>(&defect))
    active_mutant<raft::mutant> = *in_raft;
  else if (const auto* above = std::get_if<partition::mutant>(&defect))
    active_mutant<partition::mutant> = *above;
  else
    active_mutant<client::mutant> = std::get<client::mutant>(defect);
}
#endif

} // namespace

world::world(const run_options& options)
    : options_(options), time_(options.seed), seen_(truth_),
      oracles_([this](node_id id) -> const simulated_node& { return node_at(id); },
               client_ids(), truth_, seen_) {
  make_nodes();
  // The last one is the recovery's.
  for (std::uint32_t number = 0; number <= clients; ++number)
    clients_.push_back(std::make_unique<simulated_client>(number, time_, seen_, *this));
  result_.plan = options.plan ? *options.plan
                              : plan_of(options.seed, options.voters,
                                        options.faults_until_ms, options.focus);
  // The rule has a gap, the only witness that is dead, which the oracles would find.
  for (auto& node : nodes_)
    node->conditions.waits_for_all_witnesses = has_kind(result_.plan, fault_kind::old_files);
}

void world::make_nodes() {
  const auto nodes = options_.voters + spares_of(options_.voters);
  for (std::uint32_t number = 1; number <= options_.voters; ++number) {
    founders_.voters.push_back({number});
    founders_.stores.push_back({{number}, first_store_of({number})});
  }
  map_ = map_of(nodes, founders_);
  victim_ = {static_cast<std::uint32_t>(time_.random.between(1, options_.voters + 1))};
  for (std::uint32_t number = 1; number <= nodes; ++number) {
    const node_id id{number};
    // The others wait to be invited.
    const auto members = number <= options_.voters ? founders_ : raft::configuration{};
    nodes_.push_back(std::make_unique<simulated_node>(id, first_store_of(id), members, map_,
                                                      time_, *this));
    auto& node = *nodes_.back();
    node.conditions.count = [this](fault_kind kind) { count(kind); };
    node.conditions.crash_for = [this, &node](std::uint64_t duration_us, fault_kind kind) {
      crash_for(node, duration_us, kind);
    };
  }
}

run_result world::run() {
#ifdef PRESENT_MUTANTS
  switch_on(options_.defect);
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
  result_.violated_at_ms = result_.oracle.empty() ? 0 : time_.now_ms();
  result_.simulated_ms = time_.now_ms();
  result_.writes = seen_.writes_acknowledged();
  result_.reads = seen_.reads_answered();
  result_.unknown = seen_.unknown();
  result_.elections = oracles_.elections();
  for (const auto& node : nodes_)
    result_.snapshots += node->snapshots_installed();
  return result_;
}

void world::play() {
  for (auto& node : nodes_)
    node->start();
  for (const auto& item : result_.plan)
    time_.at(item.at_ms * ms, [this, item] { begin_fault(item); });
  for (std::uint32_t number = 0; number < clients; ++number)
    time_.at((100 + number) * ms, [this, number] { clients_[number]->start(); });
  time_.run_until(options_.faults_until_ms * ms);
}

simulated_node* world::current_leader() {
  simulated_node* found = nullptr;
  for (auto& node : nodes_) {
    if (!node->is_up() || node->replica().raft().role() != raft::role_kind::leader)
      continue;
    if (!found
        || node->replica().raft().current_term() > found->replica().raft().current_term())
      found = node.get();
  }
  return found;
}

// -- watching ----------------------------------------------------------------------------

void world::heard(const simulated_node& node, const partition::replica_event_kind& what) {
  ++result_.events;
  fold(result_.trace, time_.now_us());
  fold(result_.trace, what.index());
  oracles_.clock_shown(node.clock.wall_ms(time_.now_us()));
  count_wrong_clock(node);
  if (options_.log)
    *options_.log << time_.now_us() << " us " << describe(node.replica().raft()) << " <- "
                  << describe(what) << '\n';
}

/// A clock that is wrong has an effect when its replica acts by it.
void world::count_wrong_clock(const simulated_node& node) {
  if (node.clock.drifts())
    count(fault_kind::drift);
  if (node.clock.is_frozen(time_.now_us()))
    count(fault_kind::clock_freeze);
  if (node.clock.wall_offset_ms() != 0)
    count(node.conditions.wall_wrong_by);
}

void world::turned(const simulated_node& node, const standing& before,
                   const partition::replica_effects& done) {
  const auto& raft = node.replica().raft();
  fold(result_.trace, node.id().value);
  fold(result_.trace, raft.current_term().value);
  fold(result_.trace, raft.commit().value);
  fold(result_.trace, raft.log().last().value);
  for (const auto& effect : done) {
    fold(result_.trace, effect.index());
    if (options_.log)
      *options_.log << "    " << describe(effect) << '\n';
  }
  oracles_.turned(node, before, done);
}

// -- the end -----------------------------------------------------------------------------

bool world::is_settled() {
  const auto* leading = current_leader();
  if (!leading)
    return false;
  const auto& machine = leading->replica().raft();
  const auto& wanted = map_->partitions.front().wanted;
  const auto& voters = machine.members().voters;
  if (machine.members().is_joint() || voters.size() != wanted.size())
    return false;
  for (const auto id : wanted)
    if (!raft::quorum::contains(voters, id)
        || raft::quorum::store_of(machine.members(), id) != node_at(id).store())
      return false;
  if (machine.commit() != machine.log().last())
    return false;
  for (const auto id : raft::quorum::everyone(machine.members())) {
    const auto& node = node_at(id);
    if (!node.is_up() || node.replica().partition().applied() != machine.commit())
      return false;
  }
  return true;
}

/// All faults end with a loss of power everywhere. A new leader then has to answer
/// a read without any new write, take a write, make those members whom the map wants,
/// with the stores that they have now, and bring all of them to the same state.
void world::check_recovery() {
  end_all_faults();
  auto& asker = *clients_.back();
  const auto ask_until = [&](client::call_kind what, const auto& count, const char* problem) {
    const auto before = count();
    asker.call_once(std::move(what), recovery_us / ms);
    time_.run_until(time_.now_us() + recovery_us, [&] { return count() > before; });
    expect(count() > before, "recovery", problem);
  };
  ask_until(client::get_call{simulated_client::space_name, "k0"},
            [this] { return seen_.reads_answered(); },
            "no read is answered after all faults ended");
  ask_until(client::put_call{simulated_client::space_name, "k0",
                             std::make_shared<const std::string>("peace"), always{}},
            [this] { return seen_.writes_acknowledged(); },
            "no write is acknowledged after all faults ended");
  time_.run_until(time_.now_us() + recovery_us, [this] { return is_settled(); });
  expect(is_settled(), "recovery", "the members don't come to the same state");
  const auto& leading = *current_leader();
  const auto wanted = leading.digest(client_ids());
  for (const auto id : raft::quorum::everyone(leading.replica().raft().members()))
    expect(node_at(id).digest(client_ids()) == wanted, "equal state digests",
           "node " + std::to_string(id.value) + " differs in the end");
}

run_result run(const run_options& options) { return world{options}.run(); }

} // namespace present::simulation
