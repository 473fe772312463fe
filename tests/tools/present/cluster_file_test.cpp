#include "tools/present/cluster_file.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::tools;

namespace {

cluster_file example() {
  cluster_file cluster;
  cluster.cluster = "0123456789ab";
  cluster.supervisor_pid = 41;
  cluster.nodes = {
    {node_id{1}, 42, "127.0.1.1:7400", "127.0.1.1:7401", "d/node-1", "d/node-1.log"},
    {node_id{2}, 0, "127.0.1.2:7400", "127.0.1.2:7401", "d/node-2", "d/node-2.log"}};
  cluster.ca = "d/ca.pem";
  cluster.client_cert = "d/client.pem";
  cluster.client_key = "d/client.key";
  cluster.admin_cert = "d/admin.pem";
  cluster.admin_key = "d/admin.key";
  return cluster;
}

} // namespace

TEST_CASE("a cluster file comes back as it was written") {
  const auto back = decode_cluster_file(encode_cluster_file(example()), "here");
  REQUIRE(back);
  CHECK(*back == example());
  REQUIRE(back->node(node_id{2}) != nullptr);
  CHECK(back->node(node_id{2})->rpc == "127.0.1.2:7400");
  CHECK(back->node(node_id{3}) == nullptr);
}

TEST_CASE("a member that a newer program wrote is let be") {
  auto text = encode_cluster_file(example());
  text.insert(1, "\"later\": true,");
  CHECK(decode_cluster_file(text, "here"));
}

TEST_CASE("what isn't a cluster file is refused with its name") {
  for (const std::string text : {"", "[]", "{\"cluster\": 7}", "{\"nodes\": []}"}) {
    const auto back = decode_cluster_file(text, "d/cluster.json");
    REQUIRE_FALSE(back);
    CHECK(back.problem().code == error_code::invalid);
    CHECK(back.problem().message.find("d/cluster.json") == 0);
  }
}

TEST_CASE("a folder without a cluster says what to do") {
  const auto none = load_cluster_file("/nonexistent");
  REQUIRE_FALSE(none);
  CHECK(none.problem().code == error_code::not_found);
  CHECK(none.problem().message.find("present up") != std::string::npos);
}
