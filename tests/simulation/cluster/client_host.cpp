#include "tests/simulation/cluster/client_host.hpp"

#include "runtime/supervision/starter.hpp"

#include <caf/send.hpp>

#include <utility>

namespace present::simulation::cluster {

client_host::~client_host() {
  if (life_ && life_->is_alive())
    crash();
}

void client_host::start(const std::vector<node_id>& nodes, std::int64_t wall_offset_ms) {
  life_ = std::make_shared<process>(host_, world_.time, world_.random.below(3'600'000) * ms,
                                    wall_offset_ms);
  route_ = std::make_shared<simulated_route>(world_.network, life_, find_,
                                             world_.weather.codec_per_mille);
  for (const auto node : nodes)
    route_->add_node(node);
  clients_.clear();
  for (std::size_t place = 0; place < count_; ++place)
    clients_.push_back(spawn_client(place));
  locks_.assign(count_, client::lock_actor{});
}

template <class Shell, class... Args>
auto client_host::spawn(const std::string& path, const std::string& kind, Args&&... args) {
  supervision::spawn_settings settings;
  settings.allow_detached = false;
  settings.clock = &life_->clock();
  settings.on_made = [this, life = life_](const supervision::actor_identity& identity,
                                          const caf::strong_actor_ptr& actor) {
    world_.actors.enter(life, identity, actor);
  };
  auto record = std::make_shared<supervision::child_record>(
    supervision::actor_identity{{}, path, kind});
  auto meter = record->begin_incarnation(0);
  supervision::starter made_by(world_.system, settings,
                               {record, meter, settings.clock, nullptr, nullptr}, nullptr,
                               [](const caf::strong_actor_ptr&) {});
  return made_by.start<Shell>(std::forward<Args>(args)...).actor();
}

client::client_actor client_host::spawn_client(std::size_t place) {
  client::settings options;
  options.id = client_id{world_.random.next() | 1};
  options.seed = world_.random.next();
  return caf::actor_cast<client::client_actor>(spawn<client::client_shell>(
    "client/" + std::to_string(place), "client", options,
    std::shared_ptr<client::client_route>{route_}));
}

client::lock_actor client_host::want_lock(std::size_t place, const client::lock_wish& what) {
  drop_lock(place);
  locks_[place] = caf::actor_cast<client::lock_actor>(spawn<client::lock_holder_shell>(
    "client/" + std::to_string(place) + "/lock", "lock", what, clients_[place]));
  return locks_[place];
}

void client_host::drop_lock(std::size_t place) {
  if (const auto lock = std::exchange(locks_[place], nullptr))
    caf::anon_send_exit(lock, caf::exit_reason::user_shutdown);
}

void client_host::crash() {
  world_.actors.end(*life_);
  route_->close();
  locks_.clear();
  clients_.clear();
  world_.network.process_ended(*life_, true);
}

} // namespace present::simulation::cluster
