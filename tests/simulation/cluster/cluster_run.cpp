#include "tests/simulation/cluster/cluster_world.hpp"

#include "actors/membership/placement.hpp"
#include "actors/system_names.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <functional>

/// The order of things: faults and clients for some seconds, then peace, in which
/// everybody is served again, all replicas come to the same state, a loss of power
/// everywhere loses nothing, and all trees end when they are asked to.
namespace present::simulation::cluster {

namespace {

constexpr std::uint64_t start_patience = 20'000 * ms;
constexpr std::uint64_t recovery = 20'000 * ms;
constexpr std::uint64_t convergence = 40'000 * ms;
constexpr std::uint64_t stop_patience = 20'000 * ms;
constexpr std::uint64_t look_every = 500 * ms;
constexpr std::uint64_t deepest_mailbox = 2'000;

std::string words_for(const std::vector<node_id>& nodes) {
  std::string words;
  for (const auto node : nodes)
    words += ' ' + std::to_string(node.value);
  return words;
}

} // namespace

// -- time --------------------------------------------------------------------------

void cluster_world::step() {
  if (world_.actors.run_one() || world_.time.run_due()) {
    bury_the_dead();
    world_.oracle.testify();
    return;
  }
  auto next = world_.time.next();
  const auto consider = [&](std::optional<std::uint64_t> when) {
    if (when && (!next || *when < *next))
      next = when;
  };
  consider(world_.actors.next_ready());
  consider(world_.actors.next_timeout());
  expect(next.has_value(), "time", "nothing will ever happen again");
  world_.time.move_to(*next);
  world_.actors.fire_timeouts();
}

bool cluster_world::run_until(std::uint64_t when, const std::function<bool()>& done) {
  auto instant = world_.time.now();
  std::uint64_t steps = 0;
  const auto reached = std::make_shared<bool>(false);
  world_.time.at(when, [reached] { *reached = true; });
  while (!*reached) {
    if (done && done())
      break;
    step();
    steps = world_.time.now() == instant ? steps + 1 : 0;
    instant = world_.time.now();
    expect(steps < 1'000'000, "time", "it stands still: actors chat for ever");
  }
  return done && done();
}

bool cluster_world::run_for(std::uint64_t duration, const std::function<bool()>& done) {
  return run_until(world_.time.now() + duration, done);
}

// -- a run -------------------------------------------------------------------------

run_result cluster_world::run() {
  run_result result;
  result.plan = options_.plan ? *options_.plan
                              : plan_of(options_.seed, options_.nodes, options_.faults_until_ms);
  try {
    play(result.plan);
    check_recovery();
    check_convergence();
    check_durability();
    check_end();
  } catch (const oracle_violation& found) {
    result.oracle = found.oracle();
    result.what = found.what();
    result.violated_at_ms = world_.time.now() / ms;
    result.last_words.assign(last_words_.begin(), last_words_.end());
  }
  result.simulated_ms = world_.time.now() / ms;
  result.events = world_.actors.messages_handled();
  result.trace = world_.actors.trace() ^ log_trace_;
  result.writes = clients_->history().writes();
  result.reads = clients_->history().reads();
  result.unknown = clients_->history().unknown();
  result.commits = clients_->commits_by_source();
  result.refusals = clients_->refusals_by_source();
  result.states_compared = audit_.states_compared();
  result.digests_told = digests_told_;
  count_what_happened();
  result.effective = world_.effects;
  result.died_at = deaths_.struck();
  return result;
}

/// Faults that are armed count when they strike.
void cluster_world::count_what_happened() {
  if (world_.actors.exceptions_thrown() > 0)
    world_.effects.count(fault_kind::actor_throw);
  for (const auto& node : nodes_) {
    const auto& disk = node->disk();
    if (disk.syncs_failed() > 0)
      world_.effects.count(fault_kind::sync_failure);
    if (disk.writes_refused() > 0)
      world_.effects.count(fault_kind::disk_full);
    if (disk.writes_slowed() > 0)
      world_.effects.count(fault_kind::slow_disk);
  }
}

void cluster_world::play(const std::vector<fault>& plan) {
  world_.weather.puts_files_back = has_kind(plan, fault_kind::old_files);
  world_.weather.pauses_clients = has_kind(plan, fault_kind::client_pause);
  for (const auto& node : nodes_)
    node->start(0);
  found();
  clients_->begin();
  expect(run_for(start_patience, [this] { return clients_->spaces_are_made(); }), "start",
         "the cluster did not begin to serve");
  for (const auto& item : plan)
    world_.time.after(item.at_ms * ms, [this, item] { begin_fault(item); });
  for (std::uint64_t when = look_every; when < options_.faults_until_ms * ms; when += look_every)
    world_.time.after(when, [this] { check_bounds(); });
  run_for(options_.faults_until_ms * ms);
}

/// As `cluster init` does it: the founders are asked, each of them or one, which tells
/// the others.
void cluster_world::found() {
  std::vector<cluster_map::node> founders;
  for (const auto id : founder_ids())
    founders.push_back({id, node_at(id).store(), storage::node_state::active, address_of(id), ""});
  const auto map = std::make_shared<const cluster_map>(
    founding_map(cluster_name, std::move(founders), world_.weather.partitions));
  const auto ready = [this] {
    const auto ids = founder_ids();
    return std::all_of(ids.begin(), ids.end(),
                       [this](node_id id) { return node_at(id).is_ready(); });
  };
  expect(run_for(start_patience, ready), "start", "a node does not begin to wait");
  const bool one_is_enough = world_.random.chance(500);
  for (const auto id : founder_ids())
    if (id == founder_ids().back() || !one_is_enough)
      node_at(id).found(map);
  for (const auto id : founder_ids())
    states_[id] = storage::node_state::active;
}

/// After all faults each client has to be served again, with reads and with writes.
void cluster_world::check_recovery() {
  end_all_faults();
  clients_->begin_calm();
  const bool all_are
    = run_for(recovery, [this] { return clients_->least_calm_successes() >= 4; });
  expect(all_are, "recovery",
         "not every client is served after all faults have ended" + clients_->those_below(4));
  const bool lock_is_had
    = run_for(recovery, [this] { return clients_->has_written_under_lock(); });
  expect(lock_is_had, "locks", "nobody can write under the lock after all faults have ended");
  clients_->stop();
  read_all_and_judge();
}

void cluster_world::read_all_and_judge() {
  const auto all_answered = [this] { return clients_->is_idle(); };
  expect(run_for(recovery, all_answered), "answers", "some calls are never answered");
  const auto before = clients_->commits_by_source();
  clients_->read_all();
  expect(run_for(recovery, all_answered), "answers", "the last reads are never answered");
  // Who is younger than what a dead coordinator has left dies until that is doubted (P8,
  // P13): so they ask again for a while.
  const auto all_have_read = [&] {
    const auto now = clients_->commits_by_source();
    return std::equal(before.begin(), before.end(), now.begin(), std::less<>{});
  };
  for (const auto until = world_.time.now() + recovery;
       !all_have_read() && world_.time.now() < until;) {
    run_for(500 * ms);
    clients_->look_at_all();
    expect(run_for(recovery, all_answered), "answers", "the last reads are never answered");
  }
  expect(all_have_read(), "locks",
         "no transaction can read all of its keys: something is locked for good");
  clients_->history().judge();
  clients_->judge_transactions();
  world_.oracle.testify();
}

/// With nobody asking, each partition comes to be where the map wants it, and its
/// replicas come to rest at the same index.
void cluster_world::check_convergence() {
  const auto until = world_.time.now() + convergence;
  unrest still;
  while (!is_at_rest(still)) {
    if (world_.time.now() >= until)
      expect(false, "convergence", still.why + replicas_in_words(still.where));
    run_for(100 * ms);
  }
}

bool cluster_world::is_at_rest(unrest& still) {
  still.why = "no node answers for the root";
  cluster_map_ptr map;
  for (const auto& node : nodes_)
    if (const auto known = ask<router_actor, cluster_map_ptr>(*node, paths::router, ask_map{}))
      if (!map || (*known)->epoch > map->epoch)
        map = *known;
  if (!map || map->epoch.value == 0)
    return false;
  return std::all_of(map->partitions.begin(), map->partitions.end(),
                     [&](const auto& group) { return is_as_wanted(group, still); });
}

bool cluster_world::is_as_wanted(const storage::placement& group, unrest& still) {
  still.where = group.partition;
  still.why = "partition " + std::to_string(group.partition.value);
  const std::set<node_id> wanted(group.wanted.begin(), group.wanted.end());
  if (wanted != std::set<node_id>(group.members.begin(), group.members.end())) {
    still.why += " is kept by" + words_for(group.members) + ", the map wants"
                 + words_for(group.wanted);
    return false;
  }
  std::set<log_index> places;
  for (const auto& node : nodes_) {
    const auto path = paths::partition(group.partition);
    if (!wanted.contains(node->id())) {
      // Nobody has a link to a node that has left: it isn't told what comes after.
      const auto state = states_.find(node->id());
      const bool has_left = state != states_.end() && state->second == storage::node_state::left;
      if (!has_left && node->is_up() && world_.actors.find(*node->life(), path)) {
        still.why += " still has a replica on node " + std::to_string(node->id().value);
        return false;
      }
      continue;
    }
    const auto seen
      = ask<partition_actor, partition_status>(*node, path, ask_partition_status{});
    if (!seen || seen->commit != seen->applied || seen->leader.value == 0) {
      still.why += " is not at rest on node " + std::to_string(node->id().value);
      return false;
    }
    places.insert(seen->applied);
  }
  still.why += ": its replicas are at different places";
  return places.size() == 1;
}

/// What each node says of a partition that does not come to rest.
std::string cluster_world::replicas_in_words(partition_id partition) {
  std::string words;
  for (const auto& node : nodes_) {
    const auto seen = ask<partition_actor, partition_status>(
      *node, paths::partition(partition), ask_partition_status{});
    words += "\n    node " + std::to_string(node->id().value) + ": ";
    if (!seen) {
      words += node->is_up() ? "no replica" : "down";
      continue;
    }
    words += "term " + std::to_string(seen->at_term.value) + ", leader "
             + std::to_string(seen->leader.value) + ", committed "
             + std::to_string(seen->commit.value) + ", applied "
             + std::to_string(seen->applied.value);
    for (const auto& replica : seen->replicas)
      words += "; " + std::to_string(replica.node.value) + " is " + replica.state + ", "
               + std::to_string(replica.lag) + " behind";
  }
  return words;
}

template <class Handle, class Answer, class Question>
std::optional<Answer> cluster_world::ask(simulated_node& node, const std::string& path,
                                         Question what) {
  auto* who = node.is_up() ? world_.actors.find(*node.life(), path) : nullptr;
  const auto actor = who ? caf::actor_cast<caf::strong_actor_ptr>(who->actor) : nullptr;
  if (!actor)
    return std::nullopt;
  std::optional<Answer> said;
  caf::scoped_actor self{world_.system};
  auto pending = self->request(caf::actor_cast<Handle>(actor), caf::infinite, what);
  run_for(20 * ms, [&] { return self->has_next_message(); });
  if (self->has_next_message())
    pending.receive([&](Answer& answer) { said = std::move(answer); }, [](const caf::error&) {});
  return said;
}

/// Nothing that was acknowledged is only in memory.
void cluster_world::check_durability() {
  for (const auto& node : nodes_)
    if (node->is_up())
      crash_for(*node, world_.random.below(200 * ms));
  read_all_and_judge();
}

void cluster_world::check_bounds() {
  for (const auto& node : nodes_) {
    if (!node->is_up())
      continue;
    for (const auto& [kind, totals] : node->census()->totals())
      world_.oracle.expect(totals.deepest_mailbox <= deepest_mailbox, "memory",
                           kind + " of node " + std::to_string(node->id().value) + " has "
                             + std::to_string(totals.deepest_mailbox) + " messages waiting");
  }
}

void cluster_world::check_end() {
  for (const auto& host : hosts_)
    host->crash();
  const auto all_ready = [this] {
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [](const auto& node) { return node->is_ready(); });
  };
  expect(run_for(start_patience, all_ready), "start", "a node does not come back");
  for (const auto& node : nodes_)
    node->ask_to_stop();
  const auto all_over = [this] {
    return std::all_of(nodes_.begin(), nodes_.end(),
                       [](const auto& node) { return node->is_over(); });
  };
  expect(run_for(stop_patience, all_over), "stop", "a tree does not stop when it is asked to");
  for (const auto& node : nodes_)
    node->crash(true);
  world_.actors.drop_timeouts();
  // What is still on the network may hold somebody.
  run_for(stop_patience, [this] { return world_.actors.leaked().empty(); });
  for (const auto& name : world_.actors.leaked())
    expect(false, "leak", name + " has ended and is held by somebody");
}

} // namespace present::simulation::cluster
