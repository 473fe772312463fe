#pragma once

#include "actors/client/lock_holder.hpp"
#include "tests/simulation/cluster/gateway.hpp"
#include "tests/simulation/cluster/surroundings.hpp"

#include <memory>
#include <string>
#include <vector>

namespace present::simulation::cluster {

/// A machine with one program on it that has some client actors: real ones, on a
/// simulated network. Has lives, as a node has.
class client_host {
public:
  client_host(surroundings& world, host_id host, std::size_t clients, node_finder find)
      : world_(world), host_(host), count_(clients), find_(std::move(find)) {}
  ~client_host();

  host_id host() const { return host_; }
  const std::shared_ptr<process>& life() const { return life_; }
  /// Of this life; each is a session of its own.
  const std::vector<client::client_actor>& clients() const { return clients_; }

  void start(const std::vector<node_id>& nodes, std::int64_t wall_offset_ms);
  void crash();

  /// The program of that client wants a lock. One that it has had is dropped.
  client::lock_actor want_lock(std::size_t place, const client::lock_wish& what);
  /// It forgets it: what it held is left to its lease.
  void drop_lock(std::size_t place);
  /// Null: none.
  const client::lock_actor& lock_of(std::size_t place) const { return locks_[place]; }

private:
  template <class Shell, class... Args>
  auto spawn(const std::string& path, const std::string& kind, Args&&... args);
  client::client_actor spawn_client(std::size_t place);

  surroundings& world_;
  const host_id host_;
  const std::size_t count_;
  const node_finder find_;
  std::shared_ptr<process> life_;
  std::shared_ptr<simulated_route> route_;
  std::vector<client::client_actor> clients_;
  std::vector<client::lock_actor> locks_; ///< by the place of the client
};

} // namespace present::simulation::cluster
