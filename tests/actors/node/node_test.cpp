#include "actors/client/client.hpp"
#include "actors/node/node.hpp"
#include "runtime/edge/clock.hpp"
#include "runtime/edge/entropy.hpp"
#include "runtime/network/certificate_authority.hpp"
#include "runtime/network/pem_file.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include <unistd.h>

using namespace present;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

/// Three nodes in this process, over real disks and TLS on loopback.
class three_nodes {
public:
  three_nodes() {
    folder_ = fs::temp_directory_path() / ("present-node-test-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    make_certificates();
    for (std::uint32_t n = 1; n <= 3; ++n)
      founders_.push_back({{n}, {edge::machine_entropy().next_id()}, address(n), ""});
    for (const auto& one : founders_)
      REQUIRE(found_store(data(one.id), cluster_, one.id, one.store));
  }

  ~three_nodes() {
    for (auto& one : nodes_)
      one.reset();
    fs::remove_all(folder_);
  }

  void start(std::uint32_t n) {
    auto started = node::start(config(n), [](std::string) {});
    if (!started)
      FAIL(started.problem().message);
    nodes_[n - 1] = std::move(*started);
  }

  void stop(std::uint32_t n) { nodes_[n - 1].reset(); }

  std::unique_ptr<client_session> connect(const std::string& who) {
    client::connect_options options;
    for (const auto& one : founders_)
      options.endpoints.push_back({one.rpc_address, one.id});
    options.authority = path("ca.pem");
    options.certificate = path(who + ".pem");
    options.key = path(who + ".key");
    auto session = client_session::connect(options);
    if (!session)
      FAIL(session.problem().message);
    return std::move(*session);
  }

private:
  std::string address(std::uint32_t n) const {
    // Ports of this process: tests of two checkouts may run side by side.
    return "127.0.1." + std::to_string(n) + ":" + std::to_string(20'000 + ::getpid() % 20'000);
  }
  fs::path data(node_id id) const { return folder_ / ("node-" + std::to_string(id.value)); }
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
    made.data = data({n});
    made.rpc_address = address(n);
    made.authority = path("ca.pem");
    made.certificate = path("node-" + std::to_string(n) + ".pem");
    made.key = path("node-" + std::to_string(n) + ".key");
    made.founders = founders_;
    return made;
  }

  fs::path folder_;
  std::string cluster_;
  std::vector<founder> founders_;
  std::unique_ptr<node> nodes_[3];
};

/// Waits until the cluster says that it is available, with `nodes` of them up.
cluster_status wait_until_available(client_session& admin, std::size_t nodes) {
  const auto give_up = std::chrono::steady_clock::now() + 30s;
  cluster_status seen;
  while (std::chrono::steady_clock::now() < give_up) {
    if (auto status = admin.status(5s)) {
      seen = *status;
      const auto up = std::count_if(seen.nodes.begin(), seen.nodes.end(),
                                    [](const auto& m) { return m.state == "up"; });
      if (seen.available && static_cast<std::size_t>(up) == nodes)
        return seen;
    }
    std::this_thread::yield();
  }
  FAIL("the cluster did not become available");
  return seen;
}

} // namespace

TEST_CASE("three nodes take writes, answer reads, and go on when one of them stops") {
  three_nodes cluster;
  for (std::uint32_t n = 1; n <= 3; ++n)
    cluster.start(n);
  auto admin = cluster.connect("admin");
  auto db = cluster.connect("client");

  const auto made = db->create_space("accounts");
  REQUIRE_MESSAGE(made, (made ? "" : made.problem().message));
  const auto first = db->put("accounts", "alice", "42");
  REQUIRE_MESSAGE(first, (first ? "" : first.problem().message));
  const auto read = db->get("accounts", "alice");
  REQUIRE(read);
  CHECK(read->value == "42");
  CHECK(read->version == first->version);

  SUBCASE("errors are those of the interface") {
    CHECK(db->get("accounts", "bob").problem().code == error_code::not_found);
    CHECK(db->get("nowhere", "bob").problem().code == error_code::unknown_space);
    CHECK(db->put("accounts", "", "x").problem().code == error_code::invalid);
    CHECK(db->put("accounts", std::string(401, 'k'), "x").problem().code
          == error_code::too_large);
    const auto conflict = db->compare_and_set("accounts", "alice", {}, "43");
    CHECK(conflict.problem().code == error_code::version_conflict);
    CHECK(conflict.problem().current_version == first->version.value);
    CHECK(db->compare_and_set("accounts", "alice", first->version, "43"));
    CHECK(db->create_space("accounts").problem().code == error_code::version_conflict);
  }

  SUBCASE("a client's certificate does not open the admin's door") {
    const auto refused = db->status(5s);
    REQUIRE_FALSE(refused);
    CHECK(refused.problem().message.find("admin") != std::string::npos);
  }

  SUBCASE("the leader stops: another one leads, and nothing is lost") {
    const auto before = wait_until_available(*admin, 3);
    REQUIRE(before.partitions.size() == 1);
    const auto leader = before.partitions.front().leader;
    CHECK(before.partitions.front().failures_tolerated == 1);
    for (const auto& member : before.nodes)
      CHECK_FALSE(member.fenced);
    cluster.stop(leader.value);
    const auto second = db->put("accounts", "bob", "7");
    REQUIRE_MESSAGE(second, (second ? "" : second.problem().message));
    CHECK(db->get("accounts", "alice")->value == "42");
    const auto after = wait_until_available(*admin, 2);
    CHECK(after.partitions.front().leader != leader);
    CHECK(after.partitions.front().failures_tolerated == 0);

    cluster.start(leader.value);
    wait_until_available(*admin, 3);
    const auto page = db->scan("accounts", {});
    REQUIRE(page);
    REQUIRE(page->rows.size() == 2);
    CHECK(page->rows[0].key == "alice");
    CHECK(page->rows[1].value == "7");
  }

  SUBCASE("any node shows the tree of each") {
    wait_until_available(*admin, 3);
    for (std::uint32_t n = 1; n <= 3; ++n) {
      const auto tree = admin->tree({n});
      REQUIRE_MESSAGE(tree, (tree ? "" : tree.problem().message));
      CHECK(tree->id == "node");
      CHECK(tree->node == node_id{n});
      CHECK(tree->children.size() == 8);
    }
  }
}
