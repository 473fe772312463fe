#include "tools/present/connection_target.hpp"

#include "tools/present/saved_contexts.hpp"
#include "tools/present/scratch_folder.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::tools;

namespace {

settings set_to(std::map<std::string, std::string> flags) {
  const auto nothing = [](const std::string&) { return std::optional<std::string>{}; };
  auto set = settings::resolve({std::move(flags), nothing, {}});
  REQUIRE(set);
  return *set;
}

} // namespace

TEST_CASE("a local cluster is found by its folder, with a certificate for each role") {
  const scratch_folder folder{"", false};
  cluster_file cluster;
  cluster.nodes = {{node_id{1}, 0, "127.0.1.1:7400"}, {node_id{2}, 0, "127.0.1.2:7400"}};
  cluster.ca = "ca.pem";
  cluster.client_cert = "client.pem";
  cluster.admin_cert = "admin.pem";
  REQUIRE(save_cluster_file(folder.path(), cluster));
  const auto set = set_to({{"data", folder.path().string()}});
  const auto client = resolve_target(set, access::client);
  REQUIRE(client);
  REQUIRE(client->endpoints.size() == 2);
  CHECK(client->endpoints[1].address == "127.0.1.2:7400");
  CHECK(client->endpoints[1].node == node_id{2});
  CHECK(client->cert == "client.pem");
  CHECK(resolve_target(set, access::admin)->cert == "admin.pem");
}

TEST_CASE("what is given by hand is completed by the context in use") {
  const scratch_folder folder{"", false};
  saved_contexts all;
  all.current = "prod";
  all.by_name["prod"] = {"", "one:7400", "ca.pem", "me.pem", "me.key"};
  all.by_name["here"].data = "/somewhere";
  const auto target_with = [&](std::map<std::string, std::string> flags) {
    REQUIRE(save_contexts(folder.path() / "present", all));
    const auto user = [&](const std::string& name) {
      return name == "XDG_CONFIG_HOME" ? std::optional{folder.path().string()} : std::nullopt;
    };
    const auto set = settings::resolve({std::move(flags), user, {}});
    REQUIRE(set);
    return resolve_target(*set, access::client);
  };
  const auto other_node = target_with({{"endpoint", "two:7400"}});
  REQUIRE(other_node);
  CHECK(other_node->endpoints.front().address == "two:7400");
  CHECK(other_node->cert == "me.pem");
  const auto other_one = target_with({{"cert", "you.pem"}, {"key", "you.key"}});
  REQUIRE(other_one);
  CHECK(other_one->endpoints.front().address == "one:7400");
  CHECK(other_one->cert == "you.pem");
  CHECK(other_one->ca == "ca.pem");
  all.current = "here"; // has nothing of the kind
  CHECK_FALSE(target_with({{"endpoint", "two:7400"}}));
}

TEST_CASE("without a folder, each of the four must be said") {
  std::map<std::string, std::string> flags{
    {"endpoint", "host:7400"}, {"ca", "a"}, {"cert", "c"}, {"key", "k"}};
  const auto target = resolve_target(set_to(flags), access::admin);
  REQUIRE(target);
  CHECK(target->endpoints[0].address == "host:7400");
  CHECK(target->cert == "c");
  for (const auto* name : {"endpoint", "ca", "cert", "key"}) {
    auto fewer = flags;
    fewer.erase(name);
    const auto none = resolve_target(set_to(fewer), access::client);
    REQUIRE_FALSE(none);
    CHECK(none.problem().message.find(std::string{"'"} + name + "'") != std::string::npos);
  }
}
