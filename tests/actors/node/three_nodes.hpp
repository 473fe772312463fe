#pragma once

#include "actors/client/client.hpp"
#include "actors/node/node.hpp"
#include "runtime/edge/clock.hpp"
#include "runtime/edge/entropy.hpp"
#include "runtime/network/certificate_authority.hpp"
#include "runtime/network/pem_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace present::test {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// Three nodes in this process, over real disks and TLS on loopback.
class three_nodes {
public:
  three_nodes() {
    folder_ = fs::temp_directory_path() / ("present-node-test-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    make_certificates();
  }

  ~three_nodes() {
    for (auto& one : nodes_)
      one.reset();
    fs::remove_all(folder_);
  }

  void start(std::uint32_t n) {
    auto started = node::start(config(n), [](error) {});
    if (!started)
      FAIL(started.problem().message);
    nodes_[n - 1] = std::move(*started);
  }

  void stop(std::uint32_t n) { nodes_[n - 1].reset(); }

  /// All three, as one cluster.
  void start_and_found() {
    for (std::uint32_t n = 1; n <= 3; ++n)
      start(n);
    auto admin = connect("admin");
    std::vector<member_status> members;
    for (std::uint32_t n = 1; n <= 3; ++n) {
      const auto self = admin->self(address(n), 10s);
      REQUIRE_MESSAGE(self, (self ? "" : self.problem().message));
      CHECK(self->epoch == map_epoch{});
      members.push_back(self->who);
    }
    for (std::uint32_t n = 1; n <= 3; ++n) {
      const auto founded = admin->initialise(address(n), members, partitions, 10s);
      REQUIRE_MESSAGE(founded, (founded ? "" : founded.problem().message));
      stores_.push_back(members[n - 1].store);
    }
  }

  const std::string& cluster() const { return cluster_; }
  store_id store(std::uint32_t n) const { return stores_[n - 1]; }
  std::string storage_key(std::uint32_t n) const {
    return path("node-" + std::to_string(n) + ".storage-key");
  }
  fs::path data(std::uint32_t n) const { return folder_ / ("node-" + std::to_string(n)); }

  // What nodes are started with from then on.
  raft::raft_settings raft;
  scrub::settings scrub;
  std::size_t checkpoint_bytes = node_config{}.checkpoint_bytes;
  std::uint32_t marker_interval_ms = node_config{}.marker_interval_ms;
  std::size_t worker_threads = node_config{}.worker_threads;
  std::uint32_t partitions = 4; ///< that they are founded with
  std::shared_ptr<const conflict::write_advisor> advisor;
  bool tells_health = false; ///< at `health_port`, without TLS

  std::unique_ptr<client_session> connect(const std::string& who) {
    client::connect_options options;
    for (std::uint32_t n = 1; n <= 3; ++n)
      options.endpoints.push_back({address(n), {n}});
    options.authority = path("ca.pem");
    options.certificate = path(who + ".pem");
    options.key = path(who + ".key");
    auto session = client_session::connect(options);
    if (!session)
      FAIL(session.problem().message);
    return std::move(*session);
  }

  std::string address(std::uint32_t n) const {
    // Ports of this process: tests of two checkouts may run side by side.
    return "127.0.1." + std::to_string(n) + ":" + std::to_string(20'000 + ::getpid() % 20'000);
  }

  std::uint16_t health_port() const {
    return static_cast<std::uint16_t>(40'000 + ::getpid() % 20'000);
  }

private:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  void make_certificates() {
    const auto domain = network::new_trust_domain();
    REQUIRE(domain);
    cluster_ = *domain;
    const auto now = static_cast<std::int64_t>(edge::machine_clock().wall_ms() / 1000);
    const network::validity when{now - 60, now + 3600};
    auto authority = network::certificate_authority::create(cluster_, when);
    REQUIRE(authority);
    REQUIRE(network::write_pem(path("ca.pem"), authority->pem().certificate,
                               network::pem_kind::certificate));
    const auto issue = [&](const network::peer_identity& who, const std::string& name) {
      auto pem = authority->issue(who, when);
      REQUIRE(pem);
      REQUIRE(network::write_pem(path(name + ".pem"), pem->certificate,
                                 network::pem_kind::certificate));
      REQUIRE(network::write_pem(path(name + ".key"), pem->key, network::pem_kind::key));
    };
    for (std::uint32_t n = 1; n <= 3; ++n)
      issue(network::node_identity(cluster_, {n}), "node-" + std::to_string(n));
    issue(network::client_identity(cluster_, "test"), "client");
    issue(network::admin_identity(cluster_, "test"), "admin");
  }

  node_config config(std::uint32_t n) const {
    node_config made;
    made.cluster = cluster_;
    made.self = {n};
    made.data = data(n);
    made.rpc_address = address(n);
    made.authority = path("ca.pem");
    made.certificate = path("node-" + std::to_string(n) + ".pem");
    made.key = path("node-" + std::to_string(n) + ".key");
    made.storage_key = storage_key(n);
    made.raft = raft;
    made.scrub = scrub;
    made.checkpoint_bytes = checkpoint_bytes;
    made.marker_interval_ms = marker_interval_ms;
    made.worker_threads = worker_threads;
    made.advisor = advisor;
    if (tells_health)
      made.health_address = "127.0.1." + std::to_string(n) + ":" + std::to_string(health_port());
    return made;
  }

  fs::path folder_;
  std::string cluster_;
  std::vector<store_id> stores_;
  std::unique_ptr<node> nodes_[3];
};

/// Waits until the cluster's status is as wanted.
inline cluster_status wait_for_status(client_session& admin, const std::string& what,
                                      const std::function<bool(const cluster_status&)>& wanted) {
  const auto give_up = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < give_up) {
    if (const auto seen = admin.status(5s); seen && wanted(*seen))
      return *seen;
    std::this_thread::yield();
  }
  FAIL(what << " did not come true in time");
  return {};
}

/// Waits until the cluster says that it is available, with `nodes` of them up, and these
/// know of a quorum in each of their partitions: a leader is heard of a little later.
inline cluster_status wait_until_available(client_session& admin, std::size_t nodes) {
  return wait_for_status(admin, "availability", [=](const cluster_status& seen) {
    const auto up = std::count_if(seen.nodes.begin(), seen.nodes.end(),
                                  [](const auto& m) { return m.state == "up" && !m.fenced; });
    return seen.available && static_cast<std::size_t>(up) == nodes;
  });
}

} // namespace present::test
