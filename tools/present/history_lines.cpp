#include "tools/present/history_lines.hpp"

#include "runtime/base/overloaded.hpp"
#include "tools/present/output.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <sstream>
#include <stdexcept>

namespace present::tools {

using namespace histories;

namespace {

void put_value(json& line, const char* name, const std::optional<std::string>& value) {
  if (value)
    line[name] = *value;
}

void encode_action(const action& what, json& line) {
  std::visit(overloaded{[&](const get& read) {
                          line["op"] = "get";
                          line["out"] = read.found.value_or("");
                          line["found"] = read.found.has_value();
                        },
                        [&](const put& write) {
                          line["op"] = write.value ? "put" : "delete";
                          put_value(line, "value", write.value);
                        },
                        [&](const cas& swap) {
                          line["op"] = "cas";
                          put_value(line, "value", swap.value);
                          put_value(line, "expect", swap.expected);
                        },
                        [&](const add_amount& more) {
                          line["op"] = "add";
                          line["amount"] = more.amount;
                          if (more.total)
                            line["total"] = *more.total;
                        },
                        [&](const read_total& read) {
                          line["op"] = "total";
                          line["total"] = read.total;
                        },
                        [&](const add_member& more) {
                          line["op"] = "insert";
                          line["value"] = more.member;
                        },
                        [&](const read_members& read) {
                          line["op"] = "members";
                          line["members"] = read.members;
                        }},
             what);
}

// -- reading: a member that is missing or of another type throws ---------------------

struct bad_member : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class T>
T member(const json& line, const char* name) {
  const auto found = line.find(name);
  if (found == line.end())
    throw bad_member{std::string{"'"} + name + "' is missing"};
  bool fits = false;
  if constexpr (std::is_same_v<T, std::string>)
    fits = found->is_string();
  else if constexpr (std::is_same_v<T, bool>)
    fits = found->is_boolean();
  else if constexpr (std::is_same_v<T, std::int64_t>)
    fits = found->is_number_integer();
  else if constexpr (std::is_unsigned_v<T>)
    fits = found->is_number_unsigned();
  else
    fits = found->is_array();
  if (!fits)
    throw bad_member{std::string{"'"} + name + "' is of the wrong type"};
  return found->get<T>();
}

std::optional<std::string> text_or_nothing(const json& line, const char* name) {
  return line.contains(name) ? std::optional{member<std::string>(line, name)} : std::nullopt;
}

action decode_get(const json& line) {
  if (!member<bool>(line, "found"))
    return get{};
  return get{member<std::string>(line, "out")};
}

action decode_add(const json& line) {
  add_amount more{member<std::int64_t>(line, "amount"), {}};
  if (line.contains("total"))
    more.total = member<std::int64_t>(line, "total");
  return more;
}

action decode_members(const json& line) {
  read_members read;
  for (const auto& one : member<json::array_t>(line, "members")) {
    if (!one.is_string())
      throw bad_member{"'members' has something else than a string in it"};
    read.members.push_back(one.get<std::string>());
  }
  return read;
}

action decode_action(const json& line) {
  using decoder = action (*)(const json&);
  static const std::map<std::string, decoder> decoders{
    {"get", decode_get},
    {"put", [](const json& from) -> action { return put{member<std::string>(from, "value")}; }},
    {"delete", [](const json&) -> action { return put{}; }},
    {"cas",
     [](const json& from) -> action {
       return cas{text_or_nothing(from, "expect"), text_or_nothing(from, "value"),
                  member<bool>(from, "ok")};
     }},
    {"add", decode_add},
    {"total",
     [](const json& from) -> action { return read_total{member<std::int64_t>(from, "total")}; }},
    {"insert",
     [](const json& from) -> action { return add_member{member<std::string>(from, "value")}; }},
    {"members", decode_members}};
  const auto name = member<std::string>(line, "op");
  const auto found = decoders.find(name);
  if (found == decoders.end())
    throw bad_member{"'op': there is no '" + name + '\''};
  return found->second(line);
}

operation decode_operation(const json& line) {
  if (!line.is_object())
    throw bad_member{"not a JSON object"};
  operation one;
  one.client = member<std::uint32_t>(line, "client");
  one.key = member<std::string>(line, "key");
  one.called = member<std::uint64_t>(line, "call");
  if (const auto at = member<std::uint64_t>(line, "return"); at != 0)
    one.returned = at;
  const bool has_answer = one.returned.has_value();
  // What nobody saw may be left away.
  if (!has_answer && member<std::string>(line, "op") == "get" && !line.contains("found"))
    one.what = get{};
  else
    one.what = decode_action(line);
  return one;
}

} // namespace

std::string encode_history(const std::vector<operation>& history) {
  std::string text;
  for (const auto& one : history) {
    json line;
    line["client"] = one.client;
    encode_action(one.what, line);
    line["key"] = one.key;
    const auto* swap = std::get_if<cas>(&one.what);
    line["ok"] = one.returned && (!swap || swap->wrote);
    line["call"] = one.called;
    line["return"] = one.returned.value_or(0);
    text += line.dump(-1, ' ', false, json::error_handler_t::replace) + '\n';
  }
  return text;
}

result<std::vector<operation>> decode_history(const std::string& text,
                                              const std::string& origin) {
  std::vector<operation> history;
  std::istringstream lines{text};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty())
      continue;
    try {
      history.push_back(decode_operation(json::parse(line)));
    } catch (const std::exception& problem) {
      return make_error(error_code::invalid,
                        origin + ':' + std::to_string(number) + ": " + problem.what());
    }
  }
  return history;
}

} // namespace present::tools
