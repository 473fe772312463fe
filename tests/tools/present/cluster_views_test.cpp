#include "tools/present/cluster_views.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace present;
using namespace present::tools;

namespace {

cluster_status example() {
  cluster_status status;
  status.epoch = {7};
  status.available = true;
  status.quorum = true;
  partition_status partition;
  partition.id = partition_id{0};
  partition.leader = node_id{2};
  partition.at_term = term{3};
  partition.commit = log_index{40};
  partition.applied = log_index{39};
  partition.failures_tolerated = 1;
  partition.replicas = {{node_id{1}, "follower", 2}, {node_id{2}, "leader", 0}};
  status.partitions = {partition};
  member_status node;
  node.id = node_id{1};
  node.state = "up";
  node.rpc_address = "127.0.1.1:7400";
  status.nodes = {node};
  return status;
}

std::vector<std::string> names_of(const json& object) {
  std::vector<std::string> names;
  for (const auto& [name, value] : object.items())
    names.push_back(name);
  return names;
}

} // namespace

TEST_CASE("the status has the fields of the interface") {
  const auto shown = to_json(example());
  CHECK(shown["available"] == true);
  CHECK(shown["quorum"] == true);
  CHECK(names_of(shown["partitions"][0])
        == std::vector<std::string>{"id", "leader", "term", "commit", "applied",
                                    "replicas", "failures_tolerated", "disputed_buckets"});
  CHECK(shown["partitions"][0]["replicas"][0].dump()
        == R"({"node":1,"state":"follower","lag":2})");
  CHECK(shown["nodes"][0]["id"] == 1);
  CHECK(shown["nodes"][0]["state"] == "up");
  CHECK(shown["nodes"][0]["fenced"] == false);
}

TEST_CASE("people see who leads, who lags, and what is wrong") {
  CHECK(to_text(example()).find("1 follower +2, 2 leader\n") != std::string::npos);
  auto bad = example();
  bad.available = false;
  bad.quorum = false;
  CHECK(to_text(bad).find("NOT AVAILABLE, WITHOUT A QUORUM\n") == 0);
  CHECK(to_text(bad).find("GOVERNANCE") == std::string::npos);
  bad.partitions[0].disputed_buckets = 3;
  CHECK(to_text(bad).find("NEEDS GOVERNANCE: the replicas of partition 0 disagree on 3 of "
                          "256 buckets") != std::string::npos);
}

TEST_CASE("a node that has not heard of a cluster says what is to be done") {
  const auto said = to_text(cluster_status{});
  CHECK(said.find("present cluster init") != std::string::npos);
  CHECK(said.find("QUORUM") == std::string::npos);
}

TEST_CASE("the tree nests, in the fields of the interface") {
  supervision::description root;
  root.id = "node";
  root.node = node_id{3};
  root.state = "running";
  supervision::description child;
  child.id = "node/journal";
  child.kind = "journal";
  child.node = node_id{3};
  child.state = "running";
  child.handled = 7;
  child.restarts = 1;
  child.last_error = "disk full";
  root.children = {child};
  const auto shown = to_json(root);
  CHECK(names_of(shown["children"][0])
        == std::vector<std::string>{"id", "kind", "node", "state", "since", "mailbox",
                                    "handled", "restarts", "last_error", "children"});
  CHECK(to_text(root)
        == "node 3: node  running  handled 0\n"
           "  node/journal  running  journal  handled 7  restarts 1"
           "  last error: disk full\n");
}
