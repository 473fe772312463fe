#include "actors/http/transaction_reply.hpp"

#include "actors/client/record_lines.hpp"
#include "runtime/base/base64.hpp"
#include "runtime/base/overloaded.hpp"
#include "storage/typed_value.hpp"

#include <algorithm>

namespace present::http {

namespace {

using json = nlohmann::ordered_json;

/// Texts as they are, or all of them in base64 if one of them is no text.
void put_elements(json& to, const char* type, const std::vector<std::string>& elements) {
  to["type"] = type;
  const bool all_texts = std::all_of(elements.begin(), elements.end(), is_utf8);
  json value = json::array();
  for (const auto& each : elements)
    value.push_back(all_texts ? each : to_base64(each));
  if (!all_texts)
    to["encoding"] = "base64";
  to["value"] = std::move(value);
}

void put_value(json& to, std::string_view bytes) {
  const auto typed = storage::decode_typed(bytes);
  if (!typed) {
    client::put_bytes(to, "value", bytes);
    return;
  }
  std::visit(overloaded{
               [&](storage::integer_value v) {
                 to["type"] = "integer";
                 to["value"] = v.number;
               },
               [&](const storage::list_value& v) { put_elements(to, "list", v.elements); },
               [&](const storage::set_value& v) { put_elements(to, "set", v.elements); },
             },
             *typed);
}

json rows_json(const storage::step_result& page, bool keys_only) {
  json rows = json::array();
  for (const auto& row : page.rows) {
    json one;
    client::put_bytes(one, "key", row.key);
    if (!keys_only)
      put_value(one, row.value ? std::string_view{*row.value} : "");
    one["version"] = row.version.value;
    rows.push_back(std::move(one));
  }
  return {{"rows", std::move(rows)}, {"more", page.more}};
}

json result_json(const step& asked, const storage::step_result& given) {
  if (const auto* page = std::get_if<scan_step>(&asked))
    return rows_json(given, page->keys_only);
  if (given.code == error_code::not_found)
    return {{"found", false}};
  json one;
  if (std::holds_alternative<get_step>(asked))
    one["found"] = true;
  if (given.value)
    put_value(one, *given.value);
  one["version"] = given.version.value;
  return one;
}

} // namespace

nlohmann::ordered_json transaction_json(const client::transact_call& asked,
                                        const answer& given) {
  const auto& branch = given.otherwise ? asked.what.otherwise : asked.what.then;
  json results = json::array();
  for (std::size_t place = 0; place < branch.size(); ++place)
    results.push_back(given.steps && place < given.steps->size()
                        ? result_json(branch[place], (*given.steps)[place])
                        : json{{"version", given.version.value}});
  return {{"succeeded", !given.otherwise},
          {"version", given.version.value},
          {"repeated", given.repeated},
          {"results", std::move(results)}};
}

} // namespace present::http
