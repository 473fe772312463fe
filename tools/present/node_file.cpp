#include "tools/present/node_file.hpp"

#include "tools/present/settings.hpp"
#include "tools/present/toml_file.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <limits>
#include <sstream>

namespace present::tools {

namespace {

constexpr std::string_view founders_prefix = "founders.";

const std::vector<toml_key>& known_keys() {
  static const std::vector<toml_key> keys{
    {"cluster"}, {"node", toml_kind::integer}, {"data"}, {"ca"}, {"cert"}, {"key"}, {"storage_key"},
    {"founders.*.store"}, {"founders.*.rpc"}, {"founders.*.http"}};
  return keys;
}

/// What needs an escape gets one.
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
    if (value.path.substr(0, founders_prefix.size()) == founders_prefix)
      take_founder(value, value.path.substr(founders_prefix.size()));
    else if (value.path == "node")
      node_.node = node_id{number(value, value.text)};
    else
      *text_member(value.path) = value.text;
  }

  result<node_file> finish() {
    for (const auto* name : {"cluster", "data", "ca", "cert", "key", "storage_key"})
      if (text_member(name)->empty())
        complain(file_ + ": '" + name + "' is missing");
    if (node_.node.value == 0)
      complain(file_ + ": 'node' is missing");
    else if (!node_.founders.contains(node_.node))
      complain(file_ + ": no [founders." + std::to_string(node_.node.value)
               + "] for the node itself");
    for (const auto& [id, founder] : node_.founders)
      if (founder.rpc.empty() || founder.store.value == 0)
        complain(file_ + ": [founders." + std::to_string(id.value)
                 + "] needs 'rpc' and 'store'");
    if (!complaint_.empty())
      return make_error(error_code::invalid, complaint_);
    return node_;
  }

private:
  void take_founder(const toml_value& value, const std::string& path) {
    const auto dot = path.find('.');
    auto& founder = node_.founders[node_id{number(value, path.substr(0, dot))}];
    const auto member = path.substr(dot + 1);
    if (member == "rpc")
      founder.rpc = value.text;
    else if (member == "http")
      founder.http = value.text;
    else
      founder.store = store(value);
  }

  std::string* text_member(const std::string& name) {
    if (name == "cluster")
      return &node_.cluster;
    if (name == "data")
      return &node_.data;
    if (name == "ca")
      return &node_.ca;
    if (name == "cert")
      return &node_.cert;
    if (name == "storage_key")
      return &node_.storage_key;
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

  store_id store(const toml_value& value) {
    store_id parsed;
    const auto* end = value.text.data() + value.text.size();
    const auto [stop, problem] = std::from_chars(value.text.data(), end, parsed.value, 16);
    if (problem != std::errc{} || stop != end || value.text != to_hexadecimal(parsed))
      complain(value.origin + ": '" + value.text + "' must be 16 hexadecimal digits");
    return parsed;
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

std::string to_hexadecimal(store_id store) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx",
                static_cast<unsigned long long>(store.value));
  return digits.data();
}

std::string encode_node_file(const node_file& node) {
  std::ostringstream text;
  text << "cluster = " << toml_string(node.cluster) << "\nnode = " << node.node.value
       << "\ndata = " << toml_string(node.data) << "\nca = " << toml_string(node.ca)
       << "\ncert = " << toml_string(node.cert) << "\nkey = " << toml_string(node.key)
       << "\nstorage_key = " << toml_string(node.storage_key) << '\n';
  for (const auto& [id, founder] : node.founders)
    text << "\n[founders." << id.value << "]\nstore = "
         << toml_string(to_hexadecimal(founder.store))
         << "\nrpc = " << toml_string(founder.rpc)
         << "\nhttp = " << toml_string(founder.http) << '\n';
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
