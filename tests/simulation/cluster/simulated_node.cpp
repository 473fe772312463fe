#include "tests/simulation/cluster/simulated_node.hpp"

#include "actors/membership/membership_contract.hpp"
#include "actors/system_names.hpp"
#include "tests/simulation/cluster/node_client.hpp"
#include "tests/simulation/cluster/ruled_workload.hpp"
#include "tests/simulation/planned_fault.hpp"

#include <caf/send.hpp>

namespace present::simulation::cluster {

std::string address_of(node_id node) {
  return "node-" + std::to_string(node.value);
}

simulated_node::simulated_node(const node_surroundings& around, node_id self)
    : around_(around), world_(around.world), self_(self),
      disk_({cluster_name, self, store_id{world_.random.next() | 1}, 1}, world_.random) {
}

simulated_node::~simulated_node() {
  if (is_up())
    crash(true);
}

// -- what it is made of ------------------------------------------------------------

system_parts simulated_node::parts() {
  system_parts made;
  made.addresses = addresses_;
  made.cluster = cluster_name;
  made.self.id = self_;
  made.self.store = store();
  made.open_journal = [this, life = life_] { return disk_.open_journal(*life); };
  made.wire_to = [made_of = simulated_peer_link::parts{
                    world_.network, life_, self_, around_.find,
                    world_.weather.codec_per_mille, around_.tap}](
                   node_id peer, const std::string&) -> wire_factory {
    return [made_of, peer](link_actor actor) {
      return std::make_shared<simulated_wire>(made_of, peer, std::move(actor));
    };
  };
  made.setup_of = [this, life = life_](partition_id partition) {
    return setup_of(partition, life);
  };
  made.partitions_on_disk = [this]() -> result<std::vector<partition_id>> {
    return disk_.partitions_on_disk();
  };
  made.remove_state = [this, life = life_](partition_id partition) {
    return disk_.home_of(*life, partition)->remove();
  };
  made.own_client = own_client();
  return made;
}

partition_setup simulated_node::setup_of(partition_id partition,
                                         const std::shared_ptr<process>& life) {
  partition_setup setup;
  setup.machine.id = partition;
  setup.machine.self = self_;
  setup.machine.checkpoint_bytes = world_.weather.checkpoint_bytes;
  setup.machine.marker_interval_ms = world_.weather.marker_interval_ms;
  setup.machine.marker_entries = world_.weather.marker_entries;
  setup.machine.advisor = registered_rules();
  setup.raft.seed = world_.random.next();
  setup.raft.max_message_entries = world_.weather.message_entries;
  setup.raft.max_tail_bytes = world_.weather.log_bytes;
  setup.raft.max_retained_bytes = world_.weather.log_bytes;
  if (world_.weather.puts_files_back)
    setup.raft.witness_patience_ms = endless_patience_ms;
  setup.store = store();
  setup.life = {disk_.identity().boot, lives_};
  setup.addresses = addresses_;
  setup.home = disk_.home_of(*life, partition);
  return setup;
}

own_client_parts simulated_node::own_client() {
  auto door = std::make_shared<local_gateway>(*addresses_);
  outward_ = std::make_shared<simulated_route>(world_.network, life_, around_.find,
                                               world_.weather.codec_per_mille);
  return {"node/" + std::to_string(self_.value),
          std::make_shared<simulated_node_route>(self_, door, outward_), door, [this] {
            client::settings made;
            made.id = client_id{world_.random.next() | 1};
            made.seed = world_.random.next();
            return made;
          }};
}

// -- lives -------------------------------------------------------------------------

void simulated_node::start(std::int64_t wall_offset_ms) {
  ++lives_;
  buried_ = false;
  life_ = std::make_shared<process>(self_.value, world_.time,
                                    world_.random.below(3'600'000) * ms, wall_offset_ms);
  addresses_ = std::make_shared<supervision::address_book>();
  census_ = std::make_shared<supervision::census>();
  gave_up_.reset();
  supervision::spawn_settings settings;
  settings.node = self_;
  settings.allow_detached = false;
  settings.clock = &life_->clock();
  settings.addresses = addresses_;
  settings.all = census_;
  settings.on_made = [this, life = life_](const supervision::actor_identity& identity,
                                          const caf::strong_actor_ptr& actor) {
    world_.actors.enter(life, identity, actor);
  };
  tree_.emplace(world_.system, settings, system_tree(parts()),
                [this, life = life_](std::optional<std::string> why) {
                  if (life->is_alive() && why)
                    gave_up_ = std::move(why);
                });
}

void simulated_node::crash(bool machine_tells) {
  world_.actors.end(*life_);
  bury();
  world_.network.process_ended(*life_, machine_tells);
}

void simulated_node::bury() {
  buried_ = true;
  tree_.reset();
  if (outward_)
    outward_->close();
  outward_ = nullptr;
  addresses_ = std::make_shared<supervision::address_book>();
  disk_.crash();
}

namespace {

class deaf_operator final : public founding_route {
public:
  void answered(status) override {}
};

} // namespace

void simulated_node::found(const cluster_map_ptr& map) {
  auto membership = is_up() ? addresses_->find(paths::membership) : nullptr;
  if (membership)
    caf::anon_send(caf::actor_cast<membership_actor>(std::move(membership)),
                   found_cluster{map, std::make_shared<deaf_operator>()});
}

std::optional<std::string> simulated_node::take_giving_up() {
  return std::exchange(gave_up_, std::nullopt);
}

} // namespace present::simulation::cluster
