#include "tests/simulation/cluster/cluster_world.hpp"

#include "actors/partition/replica_message.hpp"
#include "actors/system_names.hpp"
#include "runtime/edge/log.hpp"

#include <algorithm>
#include <ostream>

namespace present::simulation::cluster {

namespace {

constexpr std::uint32_t spares = 2; ///< nodes that wait to be invited
constexpr std::uint32_t client_hosts = 2;
constexpr std::size_t clients_per_host = 3;
constexpr std::size_t most_last_words = 60;

} // namespace

cluster_world::cluster_world(const run_options& options)
    : options_(options), world_(options.seed), audit_(world_.oracle),
      watch_(world_.oracle, world_.time),
      deaths_(world_.actors, [this](const process& who) {
        watch_.excuse(who.host());
        world_.effects.count(fault_kind::throw_at_mark);
      }) {
  hear_log();
  draw_climate();
  watch_actors();
  const node_surroundings around{
    world_, [this](node_id node) { return find(node); },
    [this](partition_id partition, const raft::message& what) { overhear(partition, what); }};
  for (std::uint32_t number = 1; number <= options.nodes + spares; ++number) {
    nodes_.push_back(std::make_unique<simulated_node>(around, node_id{number}));
    auto& disk = nodes_.back()->disk();
    disk.set_state_written(
      [this, &disk, id = node_id{number}](const simulated_disk::written_state& what) {
        audit_.on_state_written(id, disk.journal(), what);
      });
  }
  std::vector<client_host*> hosts;
  for (std::uint32_t number = 0; number < client_hosts; ++number) {
    hosts_.push_back(std::make_unique<client_host>(world_, first_client_host + number,
                                                   clients_per_host, around.find));
    hosts_.back()->start(founder_ids(), 0);
    hosts.push_back(hosts_.back().get());
  }
  std::vector<workload::client_finder> own_clients;
  for (const auto& node : nodes_)
    if (node->id().value <= options.nodes)
      own_clients.push_back([&node = *node] {
      auto actor = node.is_up() ? node.addresses()->find(paths::client) : nullptr;
      return actor ? caf::actor_cast<client::client_actor>(std::move(actor))
                   : client::client_actor{};
    });
  clients_ = std::make_unique<workload>(world_, hosts, std::move(own_clients));
}

cluster_world::~cluster_world() {
  world_.actors.set_obituary({});
  clients_.reset();
  hosts_.clear();
  nodes_.clear();
  world_.time.clear();
  edge::redirect_log([](edge::log_level, std::string_view) {});
}

std::vector<node_id> cluster_world::founder_ids() const {
  std::vector<node_id> ids;
  for (std::uint32_t number = 1; number <= options_.nodes; ++number)
    ids.push_back(node_id{number});
  return ids;
}

void cluster_world::draw_climate() {
  auto& random = world_.random;
  auto& weather = world_.weather;
  weather.checkpoint_bytes = random.between(2'000, 60'000);
  weather.log_bytes = random.between(2'000, 60'000);
  weather.message_entries = random.between(2, 64);
  weather.codec_per_mille = static_cast<std::uint32_t>(random.between(200, 1000));
  weather.hesitation_per_mille
    = random.chance(500) ? static_cast<std::uint32_t>(random.below(20)) : 0;
  weather.partitions = static_cast<std::uint32_t>(random.between(1, 4));
  weather.bulk_bytes = random.chance(250) ? 40'000 : 2'000;
  weather.marker_interval_ms = static_cast<std::uint32_t>(random.between(200, 5'000));
  weather.marker_entries = random.between(10, 1'000);
  power_goes_at_the_end_ = random.chance(500);
}

/// What is logged belongs to what has to be the same in equal runs, but for the time
/// of the machine that all this runs on, which each line begins with.
void cluster_world::hear_log() {
  edge::redirect_log([this](edge::log_level, std::string_view line) {
    const std::string said{line.substr(std::min(line.size(), line.find(' ') + 1))};
    // No disk here says anything else than what was written to it.
    const bool differs = said.find("has other digests") != std::string::npos
                         || said.find("needs governance") != std::string::npos;
    world_.oracle.expect(!differs, "equal digests at markers", said);
    say(said);
  });
}

void cluster_world::say(const std::string& line) {
  for (const auto letter : line)
    fold(log_trace_, static_cast<unsigned char>(letter));
  const auto now = world_.time.now() / us;
  auto digits = std::to_string(now % 1000);
  digits.insert(0, 3 - digits.size(), '0');
  last_words_.push_back(std::to_string(now / 1000) + "." + digits + " ms " + line);
  if (options_.log)
    *options_.log << last_words_.back() << '\n';
  if (last_words_.size() > most_last_words)
    last_words_.pop_front();
}

void cluster_world::watch_actors() {
  world_.actors.set_hesitation([this](const player& who, const caf::type_erased_tuple& mail) {
    return hesitation_of(who, mail);
  });
  world_.actors.set_birth([this](const player& who) { watch_.on_made(who); });
  world_.actors.set_obituary([this](const player& who, const caf::error& reason) {
    const bool as_asked = !reason || reason == caf::exit_reason::user_shutdown;
    watch_.on_end(who, as_asked ? "" : world_.system.render(reason));
  });
}

/// The journal's and the checkpointer's threads wait for the disk; any other actor
/// now and then for a processor.
std::uint64_t cluster_world::hesitation_of(const player& who,
                                           const caf::type_erased_tuple& mail) {
  const bool commits = mail.match_elements<journal_commit>()
                       || mail.match_elements<journal_write_map>()
                       || mail.match_elements<journal_leave>()
                       || mail.match_elements<journal_recover>();
  const bool writes
    = (who.identity.kind == "journal" && commits) || who.identity.kind == "checkpointer";
  if (writes)
    return nodes_[who.identity.node.value - 1]->disk().write_time(world_.time);
  if (world_.random.chance(world_.weather.hesitation_per_mille))
    return world_.random.below(3 * ms);
  return 0;
}

// -- who knows whom ----------------------------------------------------------------

listening_node cluster_world::find(node_id node) const {
  const auto& wanted = *nodes_.at(node.value - 1);
  if (!wanted.is_ready())
    return {};
  return {wanted.life(), wanted.store(), wanted.addresses()};
}

void cluster_world::overhear(partition_id partition, const raft::message& what) {
  if (const auto* beside = std::get_if<raft::carried>(&what.content)) {
    const auto* told = std::get_if<partition::digest_told>(&beside->what->what);
    digests_told_ += told && told->standing == partition::digest_standing::taken;
  }
  const bool leads = std::holds_alternative<raft::append_request>(what.content)
                     || std::holds_alternative<raft::snapshot_chunk>(what.content);
  if (!leads)
    return;
  auto& [at_term, leader] = leaders_[partition];
  world_.oracle.expect(what.at_term != at_term || what.from == leader, "one leader per term",
                       "partition " + std::to_string(partition.value) + ", term "
                         + std::to_string(at_term.value) + ": nodes "
                         + std::to_string(leader.value) + " and "
                         + std::to_string(what.from.value));
  if (what.at_term > at_term) {
    at_term = what.at_term;
    leader = what.from;
  }
}

simulated_node* cluster_world::leader_of(partition_id partition) {
  const auto known = leaders_.find(partition);
  return known == leaders_.end() || known->second.second.value == 0
           ? nullptr
           : nodes_[known->second.second.value - 1].get();
}

run_result run(const run_options& options) {
  return cluster_world{options}.run();
}

} // namespace present::simulation::cluster
