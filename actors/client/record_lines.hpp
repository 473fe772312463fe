#pragma once

#include "runtime/base/error.hpp"
#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <string>
#include <string_view>

/// Records as `kv import` reads them and `kv export` writes them: one JSON object
/// a line, `{"key","value"}` and `version`; base64 with "encoding" where bytes
/// aren't UTF-8. So do lists over HTTP.
namespace present::client {

using json = nlohmann::ordered_json;

struct record {
  std::string key;
  std::string value;
  std::uint64_t version = 0;
  friend bool operator==(const record&, const record&) = default;
};

/// `bytes` under `name`, and "encoding": "base64" beside it where they aren't UTF-8.
void put_bytes(json& record, const std::string& name, std::string_view bytes);

json record_line(const record& from);

/// `place` is what errors call the line. A version is let be.
result<record> parse_record_line(const std::string& line, const std::string& place);

} // namespace present::client
