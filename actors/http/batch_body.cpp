#include "actors/http/batch_body.hpp"

#include "actors/http/body_reader.hpp"
#include "runtime/base/bounds.hpp"

#include <string>

namespace present::http {

namespace {

/// {"operations":[{"op":"get"}]}; an operation has twelve members at most.
constexpr body_shape batch_shape{
  "a batch", R"({"op":"put","space":"s","key":"k","value":"v"})", 3,
  32 * bounds::max_request_operations, "operations", bounds::max_request_operations};

condition condition_of(object_reader& from, bool may_be_absent) {
  const auto version = from.version("if_version");
  const bool absent = may_be_absent && from.flag("if_absent");
  if (absent && version != 0)
    from.complain("if_absent", "and if_version: one of them");
  if (absent)
    return if_absent{};
  return version ? condition{if_version{{version}}} : condition{always{}};
}

write_context knowledge_of(object_reader& from, bool has_value) {
  write_context knows;
  const bool has_base = from.has("base");
  const auto base = from.number("base", 0, UINT64_MAX);
  if (has_base)
    knows.base = hlc_stamp{base};
  const bool has_origin = from.has("origin");
  const auto at = from.version("at");
  const auto origin = from.number("origin", 0, UINT64_MAX);
  if (at != 0)
    knows.at = storage::authorship{{at}, origin};
  else if (has_origin)
    from.complain("origin", "without at");
  if (const auto after = from.version("after"); after != 0)
    knows.after = hlc_stamp{after};
  if (has_value)
    knows.schema = from.text("schema", "");
  return knows;
}

bool wants_stale(object_reader& from) {
  const auto given = from.text("consistency", "linearizable");
  if (given != "linearizable" && given != "stale")
    from.complain("consistency", "'" + given + "' is neither linearizable nor stale");
  return given == "stale";
}

client::call_kind read_call(object_reader& from) {
  const auto op = from.text("op");
  auto space = from.text("space");
  const auto encoding = encoding_of(from);
  auto key = bytes_of(from, "key", encoding);
  if (op == "get")
    return client::get_call{std::move(space), std::move(key), wants_stale(from)};
  if (op == "delete")
    return client::remove_call{std::move(space), std::move(key), condition_of(from, false),
                               {}, knowledge_of(from, false)};
  if (op != "put")
    from.complain("op", "'" + op + "' is none of put, get, delete");
  auto value = std::make_shared<const std::string>(bytes_of(from, "value", encoding));
  return client::put_call{std::move(space), std::move(key), std::move(value),
                          condition_of(from, true), {}, knowledge_of(from, true)};
}

/// The members of a space's settings that are there.
void read_settings(object_reader& from, storage::space_settings& settings) {
  if (const auto text = from.text("conflict", "reject"); from.has("conflict")) {
    auto rules = conflict::parse_rules(text);
    if (rules)
      settings.conflicts = std::move(*rules);
    else
      from.complain("conflict", rules.problem().message);
  }
  settings.closes_after_ms = from.number("closes_after_ms", 0, INT64_MAX);
  settings.schema = from.text("schema", "");
  settings.policy = from.text("policy", "");
  if (const auto versions = from.number("versions", 1, bounds::max_versions_kept))
    settings.versions_kept = static_cast<std::uint32_t>(versions);
}

} // namespace

result<std::vector<client::call_kind>> parse_batch_body(std::string_view body) {
  const auto parsed = parse_bounded(body, batch_shape);
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
  if (auto problem = read_objects(operations, "operations", [&](object_reader& reader) {
        calls.push_back(read_call(reader));
      }))
    return *problem;
  return calls;
}

result<create_space> parse_space_body(std::string name, std::string_view body) {
  create_space made;
  made.name = std::move(name);
  if (body.empty())
    return made;
  const auto parsed = parse_bounded(body, batch_shape);
  if (!parsed)
    return parsed.problem();
  if (!parsed->is_object())
    return make_error(error_code::invalid, "body: must be an object");
  object_reader reader{*parsed, "body"};
  made.pieces = static_cast<std::uint32_t>(reader.number("split", 1, bounds::max_space_pieces));
  const auto encoding = encoding_of(reader);
  for (auto& key : reader.texts("split_at"))
    made.split_at.push_back(decoded(reader, "split_at", encoding, std::move(key)));
  read_settings(reader, made.settings);
  if (made.pieces != 0 && !made.split_at.empty())
    reader.complain("split", "and split_at: one of them");
  if (auto problem = reader.problem())
    return *problem;
  return made;
}

} // namespace present::http
