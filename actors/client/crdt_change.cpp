#include "actors/client/crdt_change.hpp"

#include "storage/crdt/crdt_codec.hpp"

#include <algorithm>

namespace present::client {

namespace {

using crdt::crdt_value;
using crdt::value_kind;

result<value_kind> kind_named(const std::string& type) {
  for (int number = 0; number <= static_cast<int>(value_kind::or_map); ++number)
    if (type == to_string(static_cast<value_kind>(number)))
      return static_cast<value_kind>(number);
  return make_error(error_code::invalid,
                    "type: '" + type
                      + "' is none of g-counter, pn-counter, lww-register, mv-register, or-set, "
                        "or-map");
}

result<crdt_value> current_of(std::optional<std::string_view> bytes, value_kind wanted) {
  if (!bytes)
    return crdt::empty_value(wanted);
  auto there = crdt::decode_stored(*bytes);
  if (!there)
    return make_error(error_code::invalid, "the key has no CRDT: " + there.problem().message);
  if (crdt::kind_of(*there) != wanted)
    return make_error(error_code::invalid,
                      "the key has a value of kind "
                        + std::string{to_string(crdt::kind_of(*there))} + ", not "
                        + std::string{to_string(wanted)});
  return there;
}

error not_for(const crdt_change& what, const char* takes) {
  return make_error(error_code::invalid, "a value of kind " + what.type + " takes " + takes);
}

bool has_members(const crdt_change& what) {
  return !what.insert.empty() || !what.erase.empty();
}

result<crdt_value> changed(const crdt::g_counter& value, const crdt_change& what) {
  if (!what.add || *what.add < 0 || what.write || has_members(what) || what.clear || what.field)
    return not_for(what, "one addition, not below 0");
  auto delta = value.add(what.by, static_cast<std::uint64_t>(*what.add));
  return delta ? result<crdt_value>{std::move(*delta)} : delta.problem();
}

result<crdt_value> changed(const crdt::pn_counter& value, const crdt_change& what) {
  if (!what.add || what.write || has_members(what) || what.clear || what.field)
    return not_for(what, "one addition");
  auto delta = value.add(what.by, *what.add);
  return delta ? result<crdt_value>{std::move(*delta)} : delta.problem();
}

result<crdt_value> changed(const crdt::lww_register& value, const crdt_change& what) {
  if (what.write.has_value() == what.clear || what.add || has_members(what) || what.field)
    return not_for(what, "one value, or to be cleared");
  const hlc_stamp above{std::max(what.now.value, value.at.value + 1)};
  return crdt_value{crdt::lww_register::write(above, what.by, what.write)};
}

result<crdt_value> changed(const crdt::mv_register& value, const crdt_change& what) {
  if (what.write.has_value() == what.clear || what.add || has_members(what) || what.field)
    return not_for(what, "one value, or to be cleared");
  return crdt_value{what.clear ? value.clear() : value.write(what.by, *what.write)};
}

/// Each change sees what those before it made; their deltas are one.
template <class Value>
void apply(Value& value, Value& deltas, const Value& delta) {
  value.join(delta);
  deltas.join(delta);
}

result<crdt_value> changed(crdt::or_set value, const crdt_change& what) {
  if ((!has_members(what) && !what.clear) || what.add || what.write || what.field)
    return not_for(what, "members to insert or erase, or to be cleared");
  crdt::or_set deltas;
  if (what.clear)
    apply(value, deltas, value.clear());
  for (const auto& member : what.erase)
    apply(value, deltas, value.erase(member));
  for (const auto& member : what.insert)
    apply(value, deltas, value.insert(what.by, member));
  return crdt_value{std::move(deltas)};
}

result<crdt_value> changed(crdt::or_map value, const crdt_change& what) {
  if (!what.field || what.add || (!has_members(what) && !what.clear && !what.write))
    return not_for(what, "a field, and what to write, insert, erase or clear there");
  crdt::or_map deltas;
  if (what.clear)
    apply(value, deltas, value.remove(*what.field));
  if (what.write)
    apply(value, deltas, value.write(what.by, *what.field, *what.write));
  for (const auto& member : what.erase)
    apply(value, deltas, value.erase(*what.field, member));
  for (const auto& member : what.insert)
    apply(value, deltas, value.insert(what.by, *what.field, member));
  return crdt_value{std::move(deltas)};
}

} // namespace

result<std::string> delta_of(std::optional<std::string_view> current, const crdt_change& what) {
  const auto kind = kind_named(what.type);
  if (!kind)
    return kind.problem();
  const auto value = current_of(current, *kind);
  if (!value)
    return value.problem();
  const auto delta
    = std::visit([&](const auto& one) { return changed(one, what); }, *value);
  if (!delta)
    return delta.problem();
  return crdt::encode_stored(*delta);
}

} // namespace present::client
