#include "actors/client/plain_value.hpp"

#include "runtime/base/base64.hpp"
#include "runtime/base/overloaded.hpp"
#include "storage/crdt/crdt_codec.hpp"
#include "storage/typed_value.hpp"

namespace present::client {

namespace {

json text_of(std::string_view bytes) {
  if (is_utf8(bytes))
    return bytes;
  return {{"base64", to_base64(bytes)}};
}

json array_of(const std::vector<std::string>& all) {
  auto array = json::array();
  for (const auto& one : all)
    array.push_back(text_of(one));
  return array;
}

/// A field's name is its member's; what isn't UTF-8 can't be one.
std::string name_of(const std::string& field) {
  return is_utf8(field) ? field : "base64:" + to_base64(field);
}

json fields_of(const crdt::or_map& map) {
  auto fields = json::object();
  for (const auto& field : map.fields()) {
    auto& one = fields[name_of(field)];
    one = json::object();
    if (const auto values = map.values(field); !values.empty())
      one["values"] = array_of(values);
    if (const auto members = map.members(field); !members.empty())
      one["members"] = array_of(members);
  }
  return fields;
}

plain_value plain(const crdt::crdt_value& what) {
  return {to_string(crdt::kind_of(what)),
          std::visit(overloaded{
                       [](const crdt::g_counter& v) -> json { return v.total(); },
                       [](const crdt::pn_counter& v) -> json { return v.total(); },
                       [](const crdt::lww_register& v) -> json {
                         return v.value ? text_of(*v.value) : json{};
                       },
                       [](const crdt::mv_register& v) { return array_of(v.values()); },
                       [](const crdt::or_set& v) { return array_of(v.values()); },
                       [](const crdt::or_map& v) { return fields_of(v); },
                     },
                     what)};
}

plain_value plain(const storage::typed_value& what) {
  return std::visit(overloaded{
                      [](storage::integer_value v) { return plain_value{"integer", v.number}; },
                      [](const storage::list_value& v) {
                        return plain_value{"list", array_of(v.elements)};
                      },
                      [](const storage::set_value& v) {
                        return plain_value{"set", array_of(v.elements)};
                      },
                    },
                    what);
}

} // namespace

std::optional<plain_value> plain_form(std::string_view bytes) {
  if (crdt::is_stored(bytes)) {
    const auto value = crdt::decode_stored(bytes);
    return value ? std::optional{plain(*value)} : std::nullopt;
  }
  const auto value = storage::decode_typed(bytes);
  return value ? std::optional{plain(*value)} : std::nullopt;
}

} // namespace present::client
