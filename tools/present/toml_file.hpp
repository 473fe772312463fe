#pragma once

#include "runtime/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Configuration files, read strictly: a key that isn't known is an error with
/// the nearest name, and each error says file:line:column.
namespace present::tools {

enum class toml_kind { text, integer, boolean };

struct toml_key {
  std::string path; ///< "tls.key"; a segment "*" takes any name: "founders.*.rpc"
  toml_kind kind = toml_kind::text;
};

/// A value as text: integers in decimal, booleans as "true" or "false". What it
/// may be is checked where it is used, the same for files, flags and variables.
struct toml_value {
  std::string path;
  std::string text;
  std::string origin; ///< "/etc/present/present.toml:3:1"
  friend bool operator==(const toml_value&, const toml_value&) = default;
};

/// In the file's order. `invalid` names the first thing that is wrong.
result<std::vector<toml_value>> read_toml(std::string_view text,
                                          const std::string& file,
                                          const std::vector<toml_key>& known);

/// `text` as a basic string, quotes included.
std::string toml_string(std::string_view text);

} // namespace present::tools
