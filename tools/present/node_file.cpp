#include "tools/present/node_file.hpp"

#include "runtime/base/parse_count.hpp"
#include "tools/present/settings.hpp"
#include "tools/present/toml_file.hpp"

#include <array>
#include <limits>
#include <sstream>

namespace present::tools {

namespace {

/// A text of the file, and whether a node can do without it.
struct text_key {
  const char* name;
  std::string node_file::*member;
  bool optional = false;
};

constexpr std::array text_keys{
  text_key{"cluster", &node_file::cluster},
  text_key{"data", &node_file::data},
  text_key{"rpc", &node_file::rpc},
  text_key{"http", &node_file::http, true},
  text_key{"health_listen", &node_file::health_listen, true},
  text_key{"advertise_rpc", &node_file::advertise_rpc, true},
  text_key{"advertise_http", &node_file::advertise_http, true},
  text_key{"ca", &node_file::ca},
  text_key{"cert", &node_file::cert},
  text_key{"key", &node_file::key},
  text_key{"storage_key", &node_file::storage_key}};

std::vector<toml_key> known_keys() {
  std::vector<toml_key> keys{{"node", toml_kind::integer},
                             {"http_plain", toml_kind::boolean},
                             {"checkpoint_bytes", toml_kind::integer},
                             {"marker_interval_ms", toml_kind::integer}};
  for (const auto& key : text_keys)
    keys.push_back({key.name});
  return keys;
}

/// Smaller ones would do nothing but checkpoints.
constexpr std::uint64_t least_checkpoint_bytes = 64 * bounds::kib;

/// As above.
constexpr std::uint64_t least_marker_interval_ms = 100;

result<std::uint64_t> number_in(const toml_value& value, std::uint64_t least,
                                std::uint64_t most = UINT64_MAX) {
  const auto parsed = parse_count(value.text);
  if (!parsed || *parsed < least || *parsed > most)
    return make_error(error_code::invalid, value.origin + ": '" + value.text
                                             + "' must be a number from "
                                             + std::to_string(least) + " up");
  return *parsed;
}

status take(node_file& node, const toml_value& value) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  if (value.path == "node") {
    const auto number = number_in(value, 1, most);
    if (!number)
      return number.problem();
    node.node = {static_cast<std::uint32_t>(*number)};
    return success();
  }
  if (value.path == "http_plain") {
    node.http_plain = value.text == "true";
    return success();
  }
  if (value.path == "checkpoint_bytes") {
    const auto number = number_in(value, least_checkpoint_bytes);
    if (!number)
      return number.problem();
    node.checkpoint_bytes = *number;
    return success();
  }
  if (value.path == "marker_interval_ms") {
    const auto number = number_in(value, least_marker_interval_ms, most);
    if (!number)
      return number.problem();
    node.marker_interval_ms = static_cast<std::uint32_t>(*number);
    return success();
  }
  for (const auto& key : text_keys)
    if (value.path == key.name)
      node.*key.member = value.text;
  return success();
}

} // namespace

std::string encode_node_file(const node_file& node) {
  std::ostringstream text;
  text << "node = " << node.node.value << '\n';
  for (const auto& key : text_keys)
    if (const auto& said = node.*key.member; !said.empty())
      text << key.name << " = " << toml_string(said) << '\n';
  if (node.http_plain)
    text << "http_plain = true\n";
  if (node.checkpoint_bytes != node_file{}.checkpoint_bytes)
    text << "checkpoint_bytes = " << node.checkpoint_bytes << '\n';
  if (node.marker_interval_ms != node_file{}.marker_interval_ms)
    text << "marker_interval_ms = " << node.marker_interval_ms << '\n';
  return text.str();
}

result<node_file> decode_node_file(const std::string& text, const std::string& file) {
  const auto values = read_toml(text, file, known_keys());
  if (!values)
    return values.problem();
  node_file node;
  for (const auto& value : *values)
    if (auto taken = take(node, value); !taken)
      return taken.problem();
  const auto missing = [&](const std::string& name) {
    return make_error(error_code::invalid, file + ": '" + name + "' is missing");
  };
  if (node.node.value == 0)
    return missing("node");
  for (const auto& key : text_keys)
    if (!key.optional && (node.*key.member).empty())
      return missing(key.name);
  return node;
}

} // namespace present::tools
