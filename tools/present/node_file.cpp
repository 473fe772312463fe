#include "tools/present/node_file.hpp"

#include "tools/present/settings.hpp"
#include "tools/present/toml_file.hpp"

#include <limits>
#include <sstream>

namespace present::tools {

namespace {

constexpr std::string_view peers_prefix = "peers.";

const std::vector<toml_key>& known_keys() {
  static const std::vector<toml_key> keys{
    {"cluster"}, {"node", toml_kind::integer}, {"data"}, {"rpc"}, {"http"},
    {"ca"}, {"cert"}, {"key"}, {"partitions", toml_kind::integer}, {"peers.*"}};
  return keys;
}

/// A TOML string: what needs an escape gets one.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const auto letter : text) {
    if (letter == '"' || letter == '\\')
      out += '\\';
    out += letter;
  }
  return out + '"';
}

/// Collects the values of one file and remembers the first thing that is wrong.
class node_file_reader {
public:
  explicit node_file_reader(std::string file) : file_(std::move(file)) {}

  void take(const toml_value& value) {
    const auto& path = value.path;
    if (path.substr(0, peers_prefix.size()) == peers_prefix)
      node_.peers[node_id{number(value, path.substr(peers_prefix.size()))}] = value.text;
    else if (path == "node")
      node_.node = node_id{number(value, value.text)};
    else if (path == "partitions")
      node_.partitions = number(value, value.text);
    else
      *text_member(path) = value.text;
  }

  result<node_file> finish() {
    for (const auto* name : {"cluster", "data", "rpc", "ca", "cert", "key"})
      if (text_member(name)->empty())
        complain(file_ + ": '" + name + "' is missing");
    if (node_.node.value == 0)
      complain(file_ + ": 'node' is missing");
    else if (!node_.peers.contains(node_.node))
      complain(file_ + ": [peers] doesn't name this node, "
               + std::to_string(node_.node.value));
    if (!complaint_.empty())
      return make_error(error_code::invalid, complaint_);
    return node_;
  }

private:
  std::string* text_member(const std::string& name) {
    if (name == "cluster")
      return &node_.cluster;
    if (name == "data")
      return &node_.data;
    if (name == "rpc")
      return &node_.rpc;
    if (name == "http")
      return &node_.http;
    if (name == "ca")
      return &node_.ca;
    if (name == "cert")
      return &node_.cert;
    return &node_.key;
  }

  std::uint32_t number(const toml_value& value, const std::string& text) {
    const auto parsed = parse_count(text);
    if (!parsed || *parsed == 0 || *parsed > std::numeric_limits<std::uint32_t>::max()) {
      complain(value.origin + ": '" + text + "' must be a number from 1 up");
      return 0;
    }
    return static_cast<std::uint32_t>(*parsed);
  }

  void complain(std::string what) {
    if (complaint_.empty())
      complaint_ = std::move(what);
  }

  std::string file_;
  node_file node_;
  std::string complaint_;
};

} // namespace

std::string encode_node_file(const node_file& node) {
  std::ostringstream text;
  text << "cluster = " << toml_string(node.cluster) << "\nnode = " << node.node.value
       << "\ndata = " << toml_string(node.data) << "\nrpc = " << toml_string(node.rpc)
       << "\nhttp = " << toml_string(node.http) << "\nca = " << toml_string(node.ca)
       << "\ncert = " << toml_string(node.cert) << "\nkey = " << toml_string(node.key)
       << "\npartitions = " << node.partitions << "\n\n[peers]\n";
  for (const auto& [id, address] : node.peers)
    text << id.value << " = " << toml_string(address) << '\n';
  return text.str();
}

result<node_file> decode_node_file(const std::string& text, const std::string& file) {
  const auto values = read_toml(text, file, known_keys());
  if (!values)
    return values.problem();
  node_file_reader reader{file};
  for (const auto& value : *values)
    reader.take(value);
  return reader.finish();
}

} // namespace present::tools
