#include "tests/simulation/cluster/gateway.hpp"

#include "actors/membership/map_codec.hpp"
#include "actors/session/rpc_codec.hpp"
#include "actors/system_names.hpp"
#include "runtime/base/bounds.hpp"

#include <caf/send.hpp>

#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>

namespace present::simulation::cluster {

namespace {

constexpr std::uint64_t map_patience = 1000 * ms;

} // namespace

simulated_gateway::simulated_gateway(simulated_network& network, std::shared_ptr<process> life,
                                     node_id node, node_finder find,
                                     std::uint32_t codec_per_mille,
                                     std::weak_ptr<simulated_route> route)
    : network_(network), life_(std::move(life)), node_(node), find_(std::move(find)),
      codec_per_mille_(codec_per_mille), route_(std::move(route)), schedule_({20, 250, 1000}, network.random().next()) {
}

// -- up and down -------------------------------------------------------------------

void simulated_gateway::dial() {
  if (!life_->is_alive())
    return;
  network_.dial(life_, node_.value, [find = find_, node = node_] { return find(node).life; },
                [self = shared_from_this()](std::shared_ptr<connection> made) {
                  if (made)
                    self->open_session(std::move(made));
                  else
                    self->retry(0);
                });
}

void simulated_gateway::retry(std::uint64_t lived) {
  network_.time().after(schedule_.on_lost(lived) * ms,
                        [self = shared_from_this()] { self->dial(); });
}

/// As `gate_service::client` does it.
void simulated_gateway::open_session(std::shared_ptr<connection> made) {
  connection_ = std::move(made);
  connection_->set_dialler_listener([weak = weak_from_this()] {
    if (const auto self = weak.lock())
      self->on_down();
  });
  connection_->send(connection::way::forth, [self = shared_from_this(), link = connection_] {
    const auto there = self->find_(self->node_);
    auto gate = there.addresses ? there.addresses->find(paths::gate) : nullptr;
    if (!gate) {
      link->close(connection::way::back);
      return;
    }
    auto opened = std::make_shared<std::weak_ptr<simulated_door>>();
    auto door = std::make_shared<simulated_door>(
      there.life, link, self->network_.oracle(),
      [self, link, opened](result<session_actor> session) {
        link->send(connection::way::back,
                   [self, link, door = opened->lock(), session = std::move(session)]() mutable {
                     if (self->connection_ == link)
                       self->on_opened(std::move(door), std::move(session));
                   });
      });
    *opened = door;
    link->set_acceptor_listener([door] { door->close(); });
    caf::anon_send(caf::actor_cast<gate_actor>(std::move(gate)),
                   present::open_session{++self->network_.connections_opened,
                                         "client/" + std::to_string(self->life_->host()), true,
                                         door});
  });
}

void simulated_gateway::on_opened(std::shared_ptr<simulated_door> door,
                                  result<session_actor> session) {
  if (!session || !door) {
    connection_->close(connection::way::forth);
    connection_ = nullptr;
    retry(0);
    return;
  }
  door_ = std::move(door);
  up_since_ = network_.time().now();
}

void simulated_gateway::on_down() {
  const auto lived = door_ ? (network_.time().now() - up_since_) / ms : 0;
  connection_ = nullptr;
  door_ = nullptr;
  for (auto& [number, call] : std::exchange(under_way_, {}))
    fail(call.what, false);
  for (auto& [name, of] : std::exchange(lanes_, {})) {
    batch lost{std::make_move_iterator(of.gathered.begin()),
               std::make_move_iterator(of.gathered.end())};
    fail(lost, true);
  }
  for (auto& [number, asker] : std::exchange(asking_for_map_, {}))
    caf::anon_send(asker, client::map_fetched{node_, nullptr});
  retry(lived);
}

void simulated_gateway::close() {
  if (connection_)
    connection_->close(connection::way::forth);
  connection_ = nullptr;
  door_ = nullptr;
  lanes_.clear();
  under_way_.clear();
  asking_for_map_.clear();
}

// -- calls -------------------------------------------------------------------------

void simulated_gateway::send(client::send_attempt what, client::client_actor from) {
  if (!is_up()) {
    caf::anon_send(from, client::attempt_failed{{what.attempt, true}});
    return;
  }
  lanes_[client::lane_of(what)].gathered.push_back({std::move(what), std::move(from)});
  if (std::exchange(flush_scheduled_, true))
    return;
  network_.time().after(network_.random().below(20 * us), [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    self->flush();
  });
}

void simulated_gateway::flush() {
  for (auto& [name, to] : lanes_)
    if (to.pace.may_call(to.gathered.size()))
      call(name, take_batch(to.gathered));
}

auto simulated_gateway::take_batch(std::deque<outgoing>& queue) -> batch {
  batch taken;
  while (!queue.empty() && taken.size() < bounds::max_request_operations
         && (taken.empty() || queue.front().what.epoch == taken.front().what.epoch)) {
    taken.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  return taken;
}

request simulated_gateway::request_of(const batch& what) const {
  request made;
  made.partition = what.front().what.partition;
  made.epoch = what.front().what.epoch;
  for (const auto& one : what) {
    made.seen = std::max(made.seen, one.what.seen);
    made.deadline_ms = std::max(made.deadline_ms, one.what.deadline_ms);
    made.operations.push_back(one.what.what);
  }
  return made;
}

void simulated_gateway::call(const client::lane_name& name, batch what) {
  const auto asked = through_codec(std::make_shared<const request>(request_of(what)));
  const auto number = ++last_number_;
  under_way_.emplace(number, pending{name, std::move(what), network_.time().now()});
  lanes_[name].pace.on_called();
  const bool twice
    = network_.strikes(fault_kind::duplicate, life_->host(), node_.value);
  connection_->send(
    connection::way::forth,
    [self = shared_from_this(), link = connection_, door = door_, asked, number, twice] {
      door->call(asked, [self, link, number](std::shared_ptr<const response> answer) {
        if (self->network_.strikes(fault_kind::reply_loss, self->node_.value,
                                   self->life_->host())) {
          link->reset();
          return;
        }
        link->send(connection::way::back, [self, link, number, answer = std::move(answer)] {
          if (self->connection_ == link)
            self->on_answer(number, answer);
        });
      });
      if (twice)
        door->call(asked, [](std::shared_ptr<const response>) {});
    });
}

void simulated_gateway::on_answer(std::uint64_t number, std::shared_ptr<const response> what) {
  const auto found = under_way_.find(number);
  if (found == under_way_.end())
    return;
  const auto call = std::move(found->second);
  const auto& to = call.what;
  under_way_.erase(found);
  what = through_codec(std::move(what));
  network_.expect(what->failure.code != error_code::ok || what->answers.size() == to.size(), "session",
         "an answer to another number of operations");
  client::answered all;
  all.failure = what->failure;
  all.stamp = what->stamp;
  all.epoch = what->epoch;
  all.leader = what->leader;
  for (std::size_t place = 0; place < to.size(); ++place) {
    auto one = all;
    one.attempt = to[place].what.attempt;
    if (one.failure.code == error_code::ok)
      one.what = what->answers[place];
    caf::anon_send(to[place].from, client::attempts_answered{{std::move(one)}});
  }
  on_answered(call);
}

void simulated_gateway::on_answered(const pending& call) {
  auto& to = lanes_[call.name];
  const auto pause = to.pace.on_answered(
    call.what.size(), (network_.time().now() - call.sent_at) / us, to.gathered.size());
  if (pause)
    network_.time().after(pause->microseconds * us,
                          [self = shared_from_this(), link = connection_,
                           name = call.name, ticket = pause->ticket] {
                            if (self->connection_ != link)
                              return;
                            self->lanes_[name].pace.on_pause_over(ticket);
                            self->flush();
                          });
  flush();
}

void simulated_gateway::fail(batch& what, bool never_sent) {
  for (auto& one : what)
    caf::anon_send(one.from, client::attempt_failed{{one.what.attempt, never_sent}});
}

void simulated_gateway::fetch_map(client::client_actor asker) {
  const auto number = ++last_number_;
  asking_for_map_.emplace(number, std::move(asker));
  connection_->send(
    connection::way::forth,
    [self = shared_from_this(), link = connection_, door = door_, number] {
      door->ask_for_map([self, link, number](result<cluster_map_ptr> map) {
        link->send(connection::way::back, [self, link, number, map = std::move(map)] {
          const auto found = self->asking_for_map_.find(number);
          if (self->connection_ != link || found == self->asking_for_map_.end())
            return;
          const auto read = map ? self->through_codec(*map) : nullptr;
          if (const auto route = self->route_.lock(); route && read)
            route->learn_nodes(*read);
          caf::anon_send(found->second, client::map_fetched{self->node_, read});
          self->asking_for_map_.erase(found);
        });
      });
    });
}

// -- as bytes and back -------------------------------------------------------------

std::shared_ptr<const request>
simulated_gateway::through_codec(std::shared_ptr<const request> what) {
  if (!network_.random().chance(codec_per_mille_))
    return what;
  capnp::MallocMessageBuilder message;
  encode_request(*what, message.initRoot<schema::Request>());
  const auto words = capnp::messageToFlatArray(message);
  capnp::FlatArrayMessageReader reader(words);
  auto decoded = decode_request(reader.getRoot<schema::Request>());
  network_.expect(bool{decoded}, "codec", decoded ? "" : decoded.problem().message);
  if (!decoded)
    return what;
  return std::make_shared<const request>(std::move(*decoded));
}

std::shared_ptr<const response>
simulated_gateway::through_codec(std::shared_ptr<const response> what) {
  if (!network_.random().chance(codec_per_mille_))
    return what;
  capnp::MallocMessageBuilder message;
  encode_response(*what, message.initRoot<schema::Response>());
  const auto words = capnp::messageToFlatArray(message);
  capnp::FlatArrayMessageReader reader(words);
  return std::make_shared<const response>(decode_response(reader.getRoot<schema::Response>()));
}

cluster_map_ptr simulated_gateway::through_codec(cluster_map_ptr what) {
  if (!network_.random().chance(codec_per_mille_))
    return what;
  capnp::MallocMessageBuilder message;
  encode_map(*what, message.initRoot<schema::ClusterMap>());
  const auto words = capnp::messageToFlatArray(message);
  capnp::FlatArrayMessageReader reader(words);
  auto decoded = decode_map(reader.getRoot<schema::ClusterMap>());
  network_.expect(bool{decoded}, "codec", decoded ? "" : decoded.problem().message);
  return decoded ? std::make_shared<const cluster_map>(std::move(*decoded)) : what;
}

// -- all of a process's gateways -----------------------------------------------------

void simulated_route::learn_nodes(const cluster_map& map) {
  for (const auto& node : map.nodes)
    if (node.id.value != life_->host())
      add_node(node.id);
}

bool simulated_route::is_up(node_id node) const {
  const auto found = gateways_.find(node);
  return found != gateways_.end() && found->second->is_up();
}

void simulated_route::add_node(node_id node) {
  auto& known = gateways_[node];
  if (known)
    return;
  known = std::make_shared<simulated_gateway>(network_, life_, node, find_, codec_per_mille_,
                                              weak_from_this());
  known->start();
}

void simulated_route::close() {
  for (auto& [node, gateway] : gateways_)
    gateway->close();
}

void simulated_route::send(const client::send_attempt& what, const client::client_actor& from) {
  if (!life_->opens_door())
    return;
  if (const auto found = gateways_.find(what.to); found != gateways_.end())
    found->second->send(what, from);
  else
    caf::anon_send(from, client::attempt_failed{{what.attempt, true}});
}

void simulated_route::fetch_map(node_id from, const client::client_actor& asker) {
  if (life_->opens_door())
    wait_for_map(from, asker, network_.time().now() + map_patience);
}

/// From whom it was wanted, else from anybody who can be reached.
void simulated_route::wait_for_map(node_id from, client::client_actor asker,
                                   std::uint64_t until) {
  if (!life_->is_alive())
    return;
  const auto wanted = gateways_.find(from);
  auto* there = wanted != gateways_.end() && wanted->second->is_up() ? wanted->second.get()
                                                                     : any_up();
  if (there)
    there->fetch_map(std::move(asker));
  else if (network_.time().now() >= until)
    caf::anon_send(asker, client::map_fetched{from, nullptr});
  else
    network_.time().after(20 * ms, [self = shared_from_this(), from, asker, until] {
      self->wait_for_map(from, asker, until);
    });
}

simulated_gateway* simulated_route::any_up() const {
  for (const auto& [node, gateway] : gateways_)
    if (gateway->is_up())
      return gateway.get();
  return nullptr;
}

} // namespace present::simulation::cluster
