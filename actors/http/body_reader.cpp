#include "actors/http/body_reader.hpp"

#include "runtime/base/base64.hpp"

#include <algorithm>

namespace present::http {

namespace {

/// "line 3, column 14" of the byte that the parser stopped at.
std::string position_of(std::string_view body, std::size_t byte) {
  const auto before = body.substr(0, std::min(byte == 0 ? 0 : byte - 1, body.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto start = before.rfind('\n');
  const auto column = before.size() - (start == before.npos ? 0 : start + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

} // namespace

result<json> parse_bounded(std::string_view body, const body_shape& shape) {
  bool too_deep = false;
  std::size_t events = 0;
  const auto keep = [&](int depth, json::parse_event_t event, json&) {
    const bool opens = event == json::parse_event_t::object_start
                       || event == json::parse_event_t::array_start;
    too_deep = too_deep || (opens && depth >= shape.deepest);
    return ++events <= shape.most_events && !too_deep;
  };
  try {
    auto parsed = json::parse(body, keep);
    if (too_deep)
      return make_error(error_code::invalid, std::string{"body: nests deeper than "} + shape.is
                                               + " does, which lists rows like " + shape.row);
    if (events > shape.most_events)
      return make_error(error_code::too_large,
                        std::string{shape.counted} + ": far more than "
                          + std::to_string(shape.most) + ", which is the limit");
    return parsed;
  } catch (const json::parse_error& problem) {
    const std::string_view what = problem.what();
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax …"
    const auto reason = what.find(": ");
    return make_error(error_code::invalid,
                      "body: " + position_of(body, problem.byte) + ": not JSON: "
                        + std::string{reason == what.npos ? what : what.substr(reason + 2)});
  }
}

std::string encoding_of(object_reader& from) {
  auto given = from.text("encoding", "utf-8");
  if (given != "utf-8" && given != "base64")
    from.complain("encoding", "'" + given + "' is neither utf-8 nor base64");
  return given;
}

std::string decoded(object_reader& from, const char* name, const std::string& encoding,
                    std::string text) {
  if (encoding != "base64")
    return text;
  auto bytes = from_base64(text);
  if (!bytes)
    from.complain(name, "is not base64");
  return bytes.value_or("");
}

std::string bytes_of(object_reader& from, const char* name, const std::string& encoding) {
  return decoded(from, name, encoding, from.text(name));
}

} // namespace present::http
