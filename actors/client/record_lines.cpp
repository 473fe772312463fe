#include "actors/client/record_lines.hpp"

#include "runtime/base/base64.hpp"

#include <nlohmann/json.hpp>

namespace present::client {

void put_bytes(json& record, const std::string& name, std::string_view bytes) {
  if (is_utf8(bytes)) {
    record[name] = bytes;
  } else {
    record[name] = to_base64(bytes);
    record["encoding"] = "base64";
  }
}

json record_line(const record& from) {
  // One encoding speaks for both: either is base64, or neither.
  const bool plain = is_utf8(from.key) && is_utf8(from.value);
  json line;
  line["key"] = plain ? from.key : to_base64(from.key);
  line["value"] = plain ? from.value : to_base64(from.value);
  if (!plain)
    line["encoding"] = "base64";
  line["version"] = from.version;
  return line;
}

result<record> parse_record_line(const std::string& line, const std::string& place) {
  const auto wrong = [&](const std::string& what) {
    return make_error(error_code::invalid, place + ": " + what);
  };
  try {
    const auto object = json::parse(line);
    record parsed{object.at("key").get<std::string>(), object.at("value").get<std::string>()};
    const auto encoding = object.value("encoding", std::string{"utf-8"});
    if (encoding == "utf-8")
      return parsed;
    if (encoding != "base64")
      return wrong("encoding '" + encoding + "' is neither utf-8 nor base64");
    const auto key = from_base64(parsed.key);
    const auto value = from_base64(parsed.value);
    if (!key || !value)
      return wrong("not base64");
    return record{*key, *value};
  } catch (const json::exception& problem) {
    return wrong(problem.what());
  }
}

} // namespace present::client
