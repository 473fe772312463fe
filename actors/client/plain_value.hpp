#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string_view>

/// Values that partitions or regions change, as people and programs read them: an integer
/// is a number, a list or a set an array, a counter its total, a register what is in it.
/// Bytes that are no UTF-8 are `{"base64": …}`.
namespace present::client {

using json = nlohmann::ordered_json;

struct plain_value {
  std::string_view type; ///< "integer", "list", "set", "or-map", …
  json value;
};

/// Empty: the value is bytes, and is what it is.
std::optional<plain_value> plain_form(std::string_view bytes);

} // namespace present::client
