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
  node.founders = {
    {node_id{1}, {store_id{0xc0ffee}, "127.0.1.1:7400", "127.0.1.1:7401"}},
    {node_id{2}, {store_id{~0ULL}, "127.0.1.2:7400", "127.0.1.2:7401"}}};
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
}

TEST_CASE("what is missing or can't be is named with its place") {
  CHECK(complaint("node = 1\n") == "f.toml: 'cluster' is missing");
  CHECK(complaint(with_line("node = 2", "node = 0"))
        == "f.toml:2:1: '0' must be a number from 1 up");
  CHECK(complaint(with_line("node = 2", "node = 3"))
        == "f.toml: no [founders.3] for the node itself");
  CHECK(complaint(with_line("node = 2", "node = 'two'"))
        == "f.toml:2:1: 'node' must be an integer");
  CHECK(complaint(with_line("[founders.1]", "[founders.one]"))
        == "f.toml:10:1: 'one' must be a number from 1 up");
  CHECK(complaint(with_line("0000000000c0ffee", "coffee"))
        == "f.toml:10:1: 'coffee' must be 16 hexadecimal digits");
  CHECK(complaint(with_line("rpc = ", "rcp = "))
        == "f.toml:11:1: unknown key 'founders.1.rcp'; did you mean 'founders.*.rpc'?");
  CHECK(complaint(with_line("rpc = \"127.0.1.1:7400\"", ""))
        == "f.toml: [founders.1] needs 'rpc' and 'store'");
}
