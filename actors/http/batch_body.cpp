#include "actors/http/batch_body.hpp"

#include "runtime/base/base64.hpp"
#include "runtime/base/bounds.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace present::http {

namespace {

using nlohmann::json;

/// {"operations":[{"op":"get"}]}: what nests deeper is no batch.
constexpr int deepest = 3;

/// Beginnings, ends, names and values: an operation has seven members at most.
constexpr std::size_t most_events = 32 * bounds::max_request_operations;

/// Reads one object strictly: each of its members has to be asked for.
class object_reader {
public:
  object_reader(const json& object, std::string place)
      : object_(object), place_(std::move(place)) {}

  std::string text(const char* name, const char* fallback = nullptr) {
    const auto* found = member(name);
    if (found && found->is_string())
      return found->get<std::string>();
    if (found)
      complain(name, "must be a string");
    else if (!fallback)
      complain(name, "is missing");
    return fallback ? fallback : "";
  }

  bool flag(const char* name) {
    const auto* found = member(name);
    if (found && !found->is_boolean())
      complain(name, "must be true or false");
    return found && found->is_boolean() && found->get<bool>();
  }

  std::uint64_t version(const char* name) {
    const auto* found = member(name);
    if (!found)
      return 0;
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() == 0) {
      complain(name, "must be a version, a whole number above 0");
      return 0;
    }
    return found->get<std::uint64_t>();
  }

  /// 0 where there is none.
  std::uint64_t number(const char* name, std::uint64_t least, std::uint64_t most) {
    const auto* found = member(name);
    if (!found)
      return 0;
    const auto value = found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
    if (value < least || value > most)
      complain(name, "must be a whole number from " + std::to_string(least) + " to "
                       + std::to_string(most));
    return value;
  }

  std::vector<std::string> texts(const char* name) {
    const auto* found = member(name);
    const bool fits = !found || (found->is_array()
                                 && std::all_of(found->begin(), found->end(),
                                                [](const json& one) { return one.is_string(); }));
    if (!fits)
      complain(name, "must be a list of strings");
    return found && fits ? found->get<std::vector<std::string>>() : std::vector<std::string>{};
  }

  void complain(const char* name, const std::string& what) {
    if (!problem_)
      problem_ = make_error(error_code::invalid, place_ + '.' + name + ": " + what);
  }

  std::optional<error> problem() {
    for (const auto& [name, value] : object_.items())
      if (std::find(known_.begin(), known_.end(), name) == known_.end())
        complain(name.c_str(), "unknown; there are " + list_of_known());
    return problem_;
  }

private:
  const json* member(const char* name) {
    known_.emplace_back(name);
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

  std::string list_of_known() const {
    std::string list;
    for (const auto& name : known_)
      list += (list.empty() ? "" : ", ") + name;
    return list;
  }

  const json& object_;
  const std::string place_;
  std::vector<std::string> known_;
  std::optional<error> problem_;
};

/// "line 3, column 14" of the byte that the parser stopped at.
std::string position_of(std::string_view body, std::size_t byte) {
  const auto before = body.substr(0, std::min(byte == 0 ? 0 : byte - 1, body.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto start = before.rfind('\n');
  const auto column = before.size() - (start == before.npos ? 0 : start + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// Parses without ever holding what no body of ours has: one that is a million
/// small arrays costs no memory.
result<json> parse_bounded(std::string_view body) {
  bool too_deep = false;
  std::size_t events = 0;
  const auto keep = [&](int depth, json::parse_event_t event, json&) {
    const bool opens = event == json::parse_event_t::object_start
                       || event == json::parse_event_t::array_start;
    too_deep = too_deep || (opens && depth >= deepest);
    return ++events <= most_events && !too_deep;
  };
  try {
    auto parsed = json::parse(body, keep);
    if (too_deep)
      return make_error(error_code::invalid, "body: nests deeper than a batch does");
    if (events > most_events)
      return make_error(error_code::too_large,
                        "operations: far more than "
                          + std::to_string(bounds::max_request_operations)
                          + ", which is the limit");
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

condition condition_of(object_reader& from, bool may_be_absent) {
  const auto version = from.version("if_version");
  const bool absent = may_be_absent && from.flag("if_absent");
  if (absent && version != 0)
    from.complain("if_absent", "and if_version: one of them");
  if (absent)
    return if_absent{};
  return version ? condition{if_version{{version}}} : condition{always{}};
}

bool wants_stale(object_reader& from) {
  const auto given = from.text("consistency", "linearizable");
  if (given != "linearizable" && given != "stale")
    from.complain("consistency", "'" + given + "' is neither linearizable nor stale");
  return given == "stale";
}

std::string encoding_of(object_reader& from) {
  auto given = from.text("encoding", "utf-8");
  if (given != "utf-8" && given != "base64")
    from.complain("encoding", "'" + given + "' is neither utf-8 nor base64");
  return given;
}

/// The bytes of the member `name`, as "encoding" says.
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

client::call_kind read_call(object_reader& from) {
  const auto op = from.text("op");
  auto space = from.text("space");
  const auto encoding = encoding_of(from);
  auto key = bytes_of(from, "key", encoding);
  if (op == "get")
    return client::get_call{std::move(space), std::move(key), wants_stale(from)};
  if (op == "delete")
    return client::remove_call{std::move(space), std::move(key), condition_of(from, false)};
  if (op != "put")
    from.complain("op", "'" + op + "' is none of put, get, delete");
  auto value = std::make_shared<const std::string>(bytes_of(from, "value", encoding));
  return client::put_call{std::move(space), std::move(key), std::move(value),
                          condition_of(from, true)};
}

} // namespace

result<std::vector<client::call_kind>> parse_batch_body(std::string_view body) {
  const auto parsed = parse_bounded(body);
  if (!parsed)
    return parsed.problem();
  if (!parsed->is_object() || !parsed->contains("operations") || parsed->size() != 1
      || !(*parsed)["operations"].is_array())
    return make_error(error_code::invalid, R"(body: must be {"operations":[…]})");
  const auto& operations = (*parsed)["operations"];
  if (operations.empty() || operations.size() > bounds::max_request_operations)
    return make_error(operations.empty() ? error_code::invalid : error_code::too_large,
                      "operations: " + std::to_string(operations.size()) + "; a batch has 1 to "
                        + std::to_string(bounds::max_request_operations));
  std::vector<client::call_kind> calls;
  calls.reserve(operations.size());
  for (std::size_t place = 0; place < operations.size(); ++place) {
    const auto name = "operations[" + std::to_string(place) + ']';
    if (!operations[place].is_object())
      return make_error(error_code::invalid, name + ": must be an object");
    object_reader reader{operations[place], name};
    calls.push_back(read_call(reader));
    if (auto problem = reader.problem())
      return *problem;
  }
  return calls;
}

result<create_space> parse_space_body(std::string name, std::string_view body) {
  create_space made;
  made.name = std::move(name);
  if (body.empty())
    return made;
  const auto parsed = parse_bounded(body);
  if (!parsed)
    return parsed.problem();
  if (!parsed->is_object())
    return make_error(error_code::invalid, "body: must be an object");
  object_reader reader{*parsed, "body"};
  made.pieces = static_cast<std::uint32_t>(reader.number("split", 1, bounds::max_space_pieces));
  const auto encoding = encoding_of(reader);
  for (auto& key : reader.texts("split_at"))
    made.split_at.push_back(decoded(reader, "split_at", encoding, std::move(key)));
  if (made.pieces != 0 && !made.split_at.empty())
    reader.complain("split", "and split_at: one of them");
  if (auto problem = reader.problem())
    return *problem;
  return made;
}

} // namespace present::http
