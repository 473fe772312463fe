#include "tools/present/node_file.hpp"

#include <doctest/doctest.h>

using namespace present;
using namespace present::tools;

namespace {

node_file example() {
  node_file node;
  node.cluster = "0123456789ab";
  node.node = node_id{2};
  node.data = "/a folder/with \"quotes\" and \\";
  node.ca = "ca.pem";
  node.cert = "node-2.pem";
  node.key = "node-2.key";
  node.storage_key = "node-2.storage-key";
  node.rpc = "127.0.1.2:7400";
  node.http = "127.0.1.2:7401";
  return node;
}

std::string complaint(const std::string& text) {
  const auto node = decode_node_file(text, "f.toml");
  return node ? "" : node.problem().message;
}

std::string with_line(const std::string& from, const std::string& to) {
  auto text = encode_node_file(example());
  return text.replace(text.find(from), from.size(), to);
}

} // namespace

TEST_CASE("a node's file comes back as it was written") {
  const auto back = decode_node_file(encode_node_file(example()), "f.toml");
  REQUIRE(back);
  CHECK(*back == example());
  auto node = example();
  node.http_plain = true;
  node.health_listen = "127.0.0.1:7402";
  const auto plain = decode_node_file(encode_node_file(node), "f.toml");
  REQUIRE(plain);
  CHECK(*plain == node);
}

TEST_CASE("what is missing or can't be is named with its place") {
  CHECK(complaint("node = 1\n") == "f.toml: 'cluster' is missing");
  CHECK(complaint(with_line("node = 2", "node = 0"))
        == "f.toml:1:1: '0' must be a number from 1 up");
  CHECK(complaint(with_line("node = 2", "")) == "f.toml: 'node' is missing");
  CHECK(complaint(with_line("node = 2", "node = 'two'"))
        == "f.toml:1:1: 'node' must be an integer");
  CHECK(complaint(with_line("node = 2", "node = 2\ncheckpoint_bytes = 65535"))
        == "f.toml:2:1: '65535' must be a number from 65536 up");
  CHECK(complaint(with_line("node = 2", "node = 2\nmarker_interval_ms = 99"))
        == "f.toml:2:1: '99' must be a number from 100 up");
  CHECK(complaint(with_line("rpc = ", "rcp = "))
        == "f.toml:4:1: unknown key 'rcp'; did you mean 'rpc'?");
  CHECK(complaint(with_line("rpc = \"127.0.1.2:7400\"", "")) == "f.toml: 'rpc' is missing");
}

TEST_CASE("how large checkpoints are, and how often digests are compared, may be said") {
  CHECK(decode_node_file(encode_node_file(example()), "f.toml")->checkpoint_bytes
        == 64 * bounds::mib);
  auto node = example();
  node.checkpoint_bytes = 100'000;
  node.marker_interval_ms = 500;
  CHECK(*decode_node_file(encode_node_file(node), "f.toml") == node);
}

TEST_CASE("a node may do without HTTP, and be found elsewhere than it listens") {
  auto node = example();
  node.http.clear();
  node.advertise_rpc = "a.example:7400";
  const auto back = decode_node_file(encode_node_file(node), "f.toml");
  REQUIRE(back);
  CHECK(*back == node);
}
